"""From a seed to a scene."""

from __future__ import annotations

from collections.abc import Callable

from argus_eval.core.geometry import ImageSize
from argus_eval.data.scenes.arranging import Room, Wish, arrange
from argus_eval.data.scenes.backdrop import choose_background, standing_out
from argus_eval.data.scenes.catalogue import BY_NAME, CATEGORIES, THEMES
from argus_eval.data.scenes.colours import ink_on
from argus_eval.data.scenes.draws import Draws, Stream, draws_for
from argus_eval.data.scenes.lettering import Place, set_centred
from argus_eval.data.scenes.pages.charts import chart_page
from argus_eval.data.scenes.pages.diagrams import diagram_page
from argus_eval.data.scenes.pages.documents import document_page
from argus_eval.data.scenes.pages.fitting import fit_page
from argus_eval.data.scenes.pages.infographics import infographic_page
from argus_eval.data.scenes.pages.sheet import Page
from argus_eval.data.scenes.placing import label_centre, pose_of
from argus_eval.data.scenes.profile import ORDINARY, SceneProfile
from argus_eval.data.scenes.scene import Scene, SceneKind, SceneObject, SizeWord, TextBlock, Texture
from argus_eval.data.scenes.typeface import Face, covers
from argus_eval.data.scenes.words import label_text, sign_lines

__all__ = ["generate_scene"]

_PAGES: dict[SceneKind, Callable[[Draws], Page]] = {
    "document": document_page,
    "chart": chart_page,
    "infographic": infographic_page,
    "diagram": diagram_page,
}
_TEXTURES: tuple[tuple[Texture, float], ...] = (
    ("plain", 0.62),
    ("striped", 0.16),
    ("dotted", 0.13),
    ("checkered", 0.09),
)
_LEGIBLE = 0.034  # smallest letter size as a share of the long side: 17 px when the image is shown at 512
_LEGIBLE_PX = 9.0


def generate_scene(
    seed: int,
    profile: SceneProfile = ORDINARY,
    *,
    stream: Stream = Stream.TRAINING,
    size: ImageSize | None = None,
) -> Scene:
    """The scene of a seed: always the same one, on every platform.

    Args:
        seed: any integer ≥ 0; each is another scene.
        profile: which scenes to make.
        stream: scenes of different streams have nothing in common, whatever their seeds.
        size: image size in pixels; by default the profile's distribution decides.
    """
    draws = draws_for(stream, seed, "content")
    kind = draws.weighted(profile.kinds)
    drawn = draws.weighted(profile.sizes)
    if kind in _PAGES:
        page = _PAGES[kind](draws)
        return _paged(kind, page if size is None else fit_page(page, size), stream, seed)
    return _arranged(kind, profile, size or drawn, draws, stream, seed)


def _name(stream: Stream, seed: int) -> str:
    return f"{stream.value}-{seed:08d}"


def _paged(kind: SceneKind, page: Page, stream: Stream, seed: int) -> Scene:
    return Scene(
        id=_name(stream, seed),
        stream=stream.value,
        seed=seed,
        kind=kind,
        width=page.width,
        height=page.height,
        theme="page",
        background=page.background,
        objects=page.objects,
        texts=page.texts,
        marks=page.marks,
        document=page.document,
        chart=page.chart,
        diagram=page.diagram,
    )


def _arranged(
    kind: SceneKind, profile: SceneProfile, size: ImageSize, draws: Draws, stream: Stream, seed: int
) -> Scene:
    """Objects on a background."""
    theme = draws.choice(tuple(THEMES))
    background = choose_background(draws, profile.specks)
    colours = standing_out(background)
    wishes = _wishes(kind, theme, colours, profile, draws)
    may_overlap = draws.chance(profile.overlapping)
    objects = arrange(wishes, Room(size, profile.most_hidden, may_overlap), draws)
    lettered = [wish.category for wish in wishes if wish.lettered]
    return Scene(
        id=_name(stream, seed),
        stream=stream.value,
        seed=seed,
        kind=kind,
        width=size.width,
        height=size.height,
        theme=theme,
        background=background,
        objects=objects,
        texts=_writings(objects, lettered, size, draws),
    )


def _wishes(kind: SceneKind, theme: str, colours: list[str], profile: SceneProfile, draws: Draws) -> list[Wish]:
    low, high = profile.crowd if kind == "crowd" else profile.objects
    signs = draws.integer(*profile.signs) if kind == "signs" else 0
    count = draws.integer(low, high) - signs
    names = _categories(theme, max(1, count), draws)
    palette = draws.sample(colours, draws.integer(3, 5))
    wishes = [_sign_wish(colours, draws) for _ in range(signs)]
    for name in names[: max(1, count)]:
        lettered = BY_NAME[name].label is not None and draws.chance(profile.lettered)
        texture: Texture = "plain" if lettered else draws.weighted(_TEXTURES)
        size = _size(len(names), kind, lettered, draws)
        wishes.append(Wish(name, draws.choice(palette), size, texture, lettered))
    return wishes


def _sign_wish(colours: list[str], draws: Draws) -> Wish:
    size: SizeWord = "large" if draws.chance(0.75) else "medium"
    return Wish("sign", draws.choice(colours), size, "plain", True)


def _categories(theme: str, count: int, draws: Draws) -> list[str]:
    """Names with repetitions, so that a name alone is not always enough to tell objects apart."""
    everything = [category.name for category in CATEGORIES if category.name != "sign"]
    kinds = max(2, round(count * draws.uniform(0.45, 0.8)))
    at_home = [name for name in THEMES[theme] if name != "sign"]
    pool = [draws.choice(at_home) if draws.chance(0.86) else draws.choice(everything) for _ in range(kinds)]
    return [draws.choice(pool) for _ in range(count)]


def _size(count: int, kind: SceneKind, lettered: bool, draws: Draws) -> SizeWord:
    if kind == "crowd":
        return draws.weighted((("small", 0.72), ("medium", 0.28)))
    if lettered:
        return draws.weighted((("medium", 0.35), ("large", 0.65)))
    if count <= 4:
        return draws.weighted((("small", 0.18), ("medium", 0.47), ("large", 0.35)))
    return draws.weighted((("small", 0.27), ("medium", 0.5), ("large", 0.23)))


def _writings(
    objects: tuple[SceneObject, ...], lettered: list[str], size: ImageSize, draws: Draws
) -> tuple[TextBlock, ...]:
    """Words on the objects that should carry some, where they are legible; no two objects carry the same."""
    blocks: list[TextBlock] = []
    for thing in objects:
        if thing.category in lettered and thing.visible == 1.0 and thing.texture == "plain":
            block = _writing(thing, size, draws)
            if block is not None and block.text not in [other.text for other in blocks]:
                blocks.append(block)
    return tuple(blocks)


def _writing(thing: SceneObject, size: ImageSize, draws: Draws) -> TextBlock | None:
    where = label_centre(pose_of(thing))
    assert where is not None, "only categories with a label place are lettered"
    centre, width, height = where
    least = max(_LEGIBLE_PX, _LEGIBLE * max(size))
    paper = {"television": (30, 30, 34), "bottle": (244, 244, 242)}.get(thing.category, thing.shade)
    sign = thing.category == "sign"
    for attempt in range(4):
        lines = sign_lines(draws, most_words=3 - attempt) if sign else [[label_text(thing.category, draws)]]
        face = _face(lines, draws)
        setting = set_centred(lines, face, Place(centre, width, height, thing.turn_degrees))
        if setting.letter_px >= least:
            return TextBlock(
                words=setting.words,
                role="sign" if sign else "label",
                colour=ink_on(paper, draws),
                face=face,
                letter_px=round(setting.letter_px, 2),
                owner=thing.index,
            )
    return None


def _face(lines: list[list[str]], draws: Draws) -> Face:
    face: Face = draws.weighted((("sans", 0.45), ("bold", 0.35), ("stroke", 0.2)))
    plain = all(
        covers(face, word) and (face != "stroke" or word == word.upper()) for line in lines for word in line
    )
    return face if plain else "sans"
