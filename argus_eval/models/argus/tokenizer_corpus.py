"""The text the shipped tokenizer is trained on: all of it written for this purpose, none of it collected.

Words of scenes, signs and questions, a small grammar that combines them, and plain English about images. The
corpus decides only which byte sequences become one token; anything else is spelled in smaller pieces, so every
text can be written.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

__all__ = ["corpus"]


def _words(text: str) -> list[str]:
    return text.split()


COLOURS = _words("""
red green blue yellow orange purple pink brown black white gray grey cyan magenta teal gold silver
beige maroon navy olive turquoise violet dark light bright pale striped dotted checkered plain""")

SIZES = _words("small large big tiny huge tall short wide narrow long little medium old new round")

OBJECTS = _words("""
circle square triangle rectangle ellipse star heart diamond hexagon pentagon cross arrow ring moon
cloud drop leaf ball box cube cone cylinder cup mug bottle glass bowl plate spoon fork knife book pen pencil
lamp clock chair table bench sofa bed door window house tree flower plant grass bush rock mountain river sun
car bus truck train bicycle motorcycle boat ship airplane plane cat dog bird horse cow sheep elephant bear fish
man woman person child boy girl people face hand head hat shirt coat shoe bag backpack umbrella suitcase tie
kite ball racket bat glove skateboard surfboard phone laptop keyboard mouse screen television remote oven sink
refrigerator toaster microwave scissors vase toy doll banana apple orange carrot pizza cake sandwich donut hot
traffic light fire hydrant stop sign parking meter street road wall floor sky water sand snow fence building
bridge tower flag poster label banner ticket receipt menu map chart graph bar line page form table invoice
letter number word text name title logo brand price date time shape object thing group pair row column picture
image photo photograph scene background foreground corner edge center middle side part shadow key wheel gear
button bell candle crown anchor mushroom snowman rocket robot cactus tent castle barn lighthouse""")

RELATIONS = """left of|right of|above|below|next to|on top of|in front of|behind|inside|near|between|under|over
|to the left of|to the right of|at the top of|at the bottom of|in the corner of|in the middle of|closest to
|farthest from|overlapping|touching|beside|partly hidden by""".replace("\n", "").split("|")

POSITIONS = """on the left|on the right|at the top|at the bottom|in the center|in the middle|in the top left
|in the top right|in the bottom left|in the bottom right|in the background|in the foreground|in the corner
|on the far left|on the far right|second from the left|second from the right|third from the left""".replace(
    "\n", ""
).split("|")

NUMBERS = _words("zero one two three four five six seven eight nine ten eleven twelve first second third last")

SIGN_WORDS = _words("""
open closed sale exit enter push pull stop slow go north south east west street road avenue park
station hotel cafe coffee bar restaurant pizza bakery market shop store bank school museum library hospital
pharmacy police fire taxi bus train airport gate parking private public welcome danger warning caution notice no
smoking entry way only one please wait here ticket tickets price free new fresh hot cold ice cream bread milk
water juice tea sugar salt soap paper total cash card receipt thank you number room floor level lift stairs
toilet ladies gentlemen men women staff office reception information help today tomorrow monday tuesday
wednesday thursday friday saturday sunday january february march april may june july august september october
november december morning night noon sun moon star river lake ocean hill garden bridge castle king queen prince
royal grand central union national international city town village house home love life happy music dance film
book news sport games team power energy light speed max min limit zone area lane drive turn left right up down
in out on off yes menu special offer best quality original classic super extra mega mini pure natural organic
green blue red gold silver black white summer winter spring autumn""")

COMMON = _words("""
the a an is are was were be been being of in on at to from by with for and or not no yes it its this
that these those there here he she they them his her their we you your our my me i what which who whom whose
where when why how many much does do did done can could will would should may might must shall have has had
having as if then than so but because while after before during about into onto through across against around
along also any all some each every both few more most other another such same own very just too only over under
again once use used using make makes made see seen look looks looking show shows shown read reads reading write
written say says said tell ask answer answers question questions find found give given take taken put set get
gets got keep let go goes going come comes run runs running stand stands standing sit sits sitting lie lying
wear wears wearing hold holds holding ride rides riding play plays playing eat eats eating drink drive walk
walking jump jumping fly flying throw catch swim open close turn move stop start begin end count list name
describe locate detect point identify recognize recognise compare choose select match provide return report
explain short brief single word phrase sentence sentences option options letter directly following based given
true false unknown unanswerable none nothing something anything someone people kind type color colour material
shape size number amount total sum difference average percent percentage value values year years month day days
week hour hours minute minutes second seconds time times place top bottom left right front back up down out off
away between within without near far high low first last next previous big small good bad new old young long
short full empty left-hand right-hand box boxes coordinate coordinates bounding region regions category
categories label labels visible hidden text caption captions detail details visual dense document page figure
model models task tasks sample samples score scores metric metrics accuracy latency token tokens time memory
energy image images pixel pixels width height tile tiles grid batch input output result results error errors
file files data set sets run runs step steps train training test tests paper table tables line lines code
language vision encoder decoder attention layer layers weight weights random seed device default name names
path config version license work works working world water way well where whether which white who whole wide
wild window winter with woman wood word work worth would write wrong yard year yellow yet young zero""")

PROMPTS = (
    "Locate the region this sentence describes:",
    "Please provide the bounding box coordinate of the region this sentence describes:",
    "Where is",
    "Detect every object of these categories:",
    "Detect all objects in the image.",
    "Describe every region of the image.",
    "Describe each region of the image with a short phrase and its box.",
    "Describe the image briefly.",
    "Provide a one-sentence caption for the provided image.",
    "Read all the text in the image.",
    "Read every word in the image and give its box.",
    "What is written on the sign?",
    "What does the label say?",
    "What word is on the",
    "What number is on the",
    "What color is the",
    "How many",
    "Is there a",
    "Is there any",
    "Are there any",
    "Which object is",
    "What is to the left of the",
    "What shape is the",
    "Answer the question using a single word or phrase.",
    "Answer with the option's letter from the given choices directly.",
    "Answer yes or no.",
    "When the provided information is insufficient, respond with 'Unanswerable'.",
    "Output the bounding box coordinates in JSON format.",
    "Locate every instance that belongs to the following categories:",
    "Report bbox coordinates in JSON format.",
)

PLAIN = (
    "A compact vision-language model looks at a picture and answers in words.",
    "The picture is cut into tiles, and every tile becomes a few dozen visual tokens.",
    "Before the model can start, the image must be decoded, resized, cut and normalised on the host.",
    "The smaller the model, the larger the share of the time that is spent before it.",
    "A sign hangs above the door of the shop, and the letters on it are white on a red ground.",
    "Two people are walking a dog along the beach while a boat passes in the distance.",
    "There is a bowl of fruit on the wooden table next to a glass of water and a folded newspaper.",
    "The man on the left is wearing a dark coat, and the woman beside him is holding an umbrella.",
    "A train is standing at the platform; the clock on the wall shows a quarter past ten.",
    "Several cars are parked along the street in front of a row of brick houses.",
    "The child is sitting on the floor, playing with wooden blocks of different colours.",
    "A plate with a slice of pizza, a knife and a fork lies on the checkered tablecloth.",
    "It's hard to read the small print, but the date and the total can be made out.",
    "I don't know what's in the box; you can't see it from here, and there isn't a label.",
    "The chart shows how the number of visitors changed between spring and autumn.",
    "Which of the following statements about the figure is correct? Choose one option.",
    "The answer should be short: a word, a number or a phrase, without further explanation.",
    "An accuracy without an interval is a rumour, and a speed without its conditions is an advertisement.",
    '```json\n[{"bbox_2d": [1, 2, 3, 4], "label": "cup"}]\n```',
    "http://www.example.com/index.html, info@example.org, (c) all rights reserved, 50% off, $9.99, €5, £3",
)

_GRAMMAR_SENTENCES = 12_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def corpus(seed: int = 20_260_101) -> Iterator[str]:
    """Lines of training text, the same on every machine.

    The words alone come first, in the three ways signs and sentences write them; then sentences of the
    grammar, prompts and prose.
    """
    rng = random.Random(seed)  # noqa: S311 - sampling text, not secrets
    vocabulary = sorted(set(COLOURS + SIZES + OBJECTS + NUMBERS + SIGN_WORDS + COMMON))
    for word in vocabulary:
        yield f"the {word} {word}s, {word}. {word} {word.capitalize()}"
    for word in sorted(set(SIGN_WORDS)):
        yield f"{word.upper()} {word.upper()} {word.capitalize()}"
    for _ in range(20):
        yield from PLAIN
        yield from PROMPTS
    for _ in range(_GRAMMAR_SENTENCES):
        yield _sentence(rng)


def _noun_phrase(rng: random.Random) -> str:
    words = [rng.choice(OBJECTS)]
    if rng.random() < 0.8:
        words.insert(0, rng.choice(COLOURS))
    if rng.random() < 0.4:
        words.insert(0, rng.choice(SIZES))
    return " ".join(words)


def _sentence(rng: random.Random) -> str:
    one, other = _noun_phrase(rng), _noun_phrase(rng)
    relation, position = rng.choice(RELATIONS), rng.choice(POSITIONS)
    count, sign = rng.choice(NUMBERS), " ".join(rng.choices(SIGN_WORDS, k=rng.randint(1, 3)))
    forms = (
        f"the {one} {relation} the {other}",
        f"the {one} {position}",
        f"A {one} is {relation} a {other}, and there are {count} {other}s {position}.",
        f"Is there a {one} in the image? yes",
        f"Is there a {one} {relation} the {other}? no",
        f"What is {relation} the {one}? {other}",
        f"What color is the {one}? {rng.choice(COLOURS)}",
        f"How many {one}s are there? {count}",
        f"What is written on the {one}? {sign.upper() if rng.random() < 0.5 else sign}",
        f'The sign {position} says "{sign.title()}" in {rng.choice(COLOURS)} letters.',
        f"{rng.choice(COMMON)} {rng.choice(COMMON)} {rng.choice(COMMON)} {rng.choice(COMMON)} {_code(rng)}",
    )
    return rng.choice(forms)


def _code(rng: random.Random) -> str:
    """A plate, a price, a serial number: what signs carry besides words."""
    letters = "".join(rng.choices(_LETTERS.upper() if rng.random() < 0.7 else _LETTERS, k=rng.randint(1, 4)))
    return f"{letters}{rng.choice(('', '-', ' '))}{rng.randint(0, 9999)}"
