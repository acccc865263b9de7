"""What is written on signs, labels and pages."""

from __future__ import annotations

from argus_eval.data.scenes.draws import Draws

__all__ = [
    "SIGN_WORDS",
    "BRANDS",
    "TITLES",
    "NAMES",
    "CITIES",
    "ITEMS",
    "KNOWN_WORDS",
    "sign_lines",
    "label_text",
    "invented",
    "known",
]


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SIGN_WORDS: tuple[str, ...] = _list(
    """open closed stop exit sale cafe bakery hotel market library museum school garden bridge station platform
    ticket parking taxi bus train airport harbor beach pool park zoo farm castle theatre cinema music dance pizza
    coffee tea juice milk bread fish fruit salad soup pasta burger noodle honey sugar butter cheese books toys
    shoes flowers gifts jewels tools paint glass silver golden royal happy lucky sunny fresh green blue red north
    south east west river lake hill valley forest ocean island mountain desert winter summer spring autumn monday
    friday sunday welcome danger caution slow quiet please push pull press enter lobby office studio clinic doctor
    dentist police fire rescue water power solar energy bank post mail phone radio video photo print copy design
    fashion beauty health sport tennis soccer hockey chess bingo lotto bazaar tower palace corner village street
    avenue road lane drive circle plaza square gate door floor level room suite kitchen cellar attic barn mill
    forge depot wharf dock marina canal tunnel rail metro tram cargo travel tours rent lease sold free best price
    deal offer today tomorrow tonight always never only fast quick super mega ultra prime first second third"""
)
BRANDS: tuple[str, ...] = _list(
    """Nova Zesta Milk Cola Aqua Juno Vita Sol Luma Brisa Tonic Fizzo Olivo Kiwi Lemon Mint Soda Water Wine Oil
    Soap Maple Cocoa Berry Peach Melon Apple Ginger Pepper Honey"""
)
TITLES: tuple[str, ...] = _list(
    """Atlas Poems Dreams Birds Trains Maps Stars Magic Secrets Heroes Whales Storm Lights Roots Waves Stories
    Physics History Algebra Biology Cooking Music Chess Travel Gardens Robots Planets Oceans"""
)
NAMES: tuple[str, ...] = _list(
    """Anna Ben Carla David Emma Felix Grace Henry Irene Jack Karen Louis Maria Nora Oscar Paula Quentin Rosa
    Simon Tina Ursula Victor Wendy Yara"""
)
CITIES: tuple[str, ...] = _list(
    """Paris London Berlin Madrid Rome Vienna Oslo Dublin Lisbon Prague Athens Cairo Lima Quito Tokyo Seoul
    Delhi Sydney Boston Denver Austin Geneva"""
)
ITEMS: tuple[str, ...] = _list(
    """Apples Bread Butter Carrots Cheese Coffee Cookies Eggs Flour Grapes Honey Juice Lemons Milk Noodles Olives
    Onions Oranges Pasta Pears Pepper Rice Salad Salt Soap Soup Sugar Tea Tomatoes Yogurt"""
)

_SCREENS = ("NEWS", "SPORT", "MUSIC", "MOVIE", "LIVE", "PAUSE", "MENU")
_GREETINGS = ("TEA", "COFFEE", "BOSS", "MOM", "DAD", "HELLO")
_OPENINGS = (
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "z",
    "br",
    "st",
    "tr",
    "pl",
)
_VOWELS = ("a", "e", "i", "o", "u", "ai", "oo")
_ENDINGS = ("", "", "n", "r", "x", "t", "l", "s", "ck", "ng")


def invented(draws: Draws) -> str:
    """A word that stands in no dictionary but can be read aloud."""
    syllables = draws.integer(1, 3)
    parts = [draws.choice(_OPENINGS) + draws.choice(_VOWELS) for _ in range(syllables)]
    return "".join(parts) + draws.choice(_ENDINGS)


def _cased(word: str, style: str) -> str:
    return word.upper() if style == "upper" else word.capitalize()


def sign_lines(draws: Draws, most_words: int = 3) -> list[list[str]]:
    """The lines of a sign: one to three words, a number, a price or a time among them now and then.

    With ``most_words`` below 1 the one word is a short one.
    """
    style = draws.weighted((("upper", 0.65), ("title", 0.35)))
    words = [_cased(draws.choice(SIGN_WORDS) if draws.chance(0.88) else invented(draws), style)]
    if draws.chance(0.5):
        words.append(_cased(draws.choice(SIGN_WORDS), style))
    if draws.chance(0.3):
        words.append(number_text(draws))
    words = list(dict.fromkeys(words))[: max(1, most_words)]
    if most_words < 1:
        words = [draws.choice([word for word in SIGN_WORDS if len(word) <= 4]).upper()]
    if len(words) == 1:
        return [words]
    if len(words) == 3:
        return [words[:2], words[2:]] if draws.chance(0.5) else [words[:1], words[1:]]
    return [words] if sum(map(len, words)) <= 9 and draws.chance(0.5) else [words[:1], words[1:]]


def number_text(draws: Draws) -> str:
    """A number, price, percentage or time."""
    kind = draws.integer(0, 3)
    if kind == 0:
        return str(draws.integer(2, 999))
    if kind == 1:
        return f"${draws.integer(1, 99)}"
    if kind == 2:
        return f"{draws.integer(1, 19) * 5}%"
    return f"{draws.integer(1, 12)}:{draws.choice(('00', '15', '30', '45'))}"


def label_text(category: str, draws: Draws) -> str:
    """One word for an object: a bus line, a book's title, a bottle's brand."""
    if category == "bus":
        return draws.choice((str(draws.integer(1, 99)), draws.choice(CITIES).upper(), draws.choice(CITIES)))
    if category == "book":
        return draws.choice(TITLES)
    if category == "television":
        return draws.choice(
            ("NEWS", "SPORT", "MUSIC", "MOVIE", "LIVE", str(draws.integer(1, 99)), "PAUSE", "MENU")
        )
    if category == "cup":
        return draws.choice((draws.choice(NAMES), draws.choice(_GREETINGS)))
    brand = draws.choice(BRANDS) if draws.chance(0.8) else invented(draws).capitalize()
    return brand.upper() if draws.chance(0.5) else brand


_KNOWN = frozenset(
    word.lower() for word in (*SIGN_WORDS, *BRANDS, *TITLES, *NAMES, *CITIES, *ITEMS, *_SCREENS, *_GREETINGS)
)
#: Every word of ours, in lower case and alphabetical order.
KNOWN_WORDS: tuple[str, ...] = tuple(sorted(_KNOWN))


def known(word: str) -> bool:
    """Whether a word is one of ours and not an invented one."""
    return word.lower() in _KNOWN
