"""Flickr30k Entities: sentences whose noun phrases are tied to boxes.

Schema: what the official reader makes of the native files (Sentences/*.txt and Annotations/*.xml): ``filename``,
``image``, ``sentence_id``, ``sentence``, ``phrases`` list of {``phrase``, ``first_word_index``, ``phrase_id``,
``phrase_type`` list, ``boxes`` list of [x1, y1, x2, y2] in pixels}. ``markup`` is the line of the native file.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.identity import Row, file_name, row_number
from argus_eval.data.scenes.catalogue import BY_NAME
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.captioning import Caption, Mention, captions
from argus_eval.data.scenes.scene import Scene

__all__ = ["rows"]

_SENTENCES = 5
_TYPES = {"vehicle": "vehicles", "animal": "animals", "clothing": "clothing"}


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Up to five sentences; phrases that mean the same objects share an id."""
    if scene.kind not in ("objects", "signs") or not scene.objects:
        return []
    names: dict[tuple[int, ...], str] = {}
    return [_row(scene, index, caption, names) for index, caption in enumerate(captions(scene, draws, _SENTENCES))]


def _row(scene: Scene, index: int, caption: Caption, names: dict[tuple[int, ...], str]) -> Row:
    phrases: list[Row] = []
    marked: list[str] = []
    words: list[str] = []
    for piece in caption.pieces:
        if isinstance(piece, str):
            words += piece.split()
            marked.append(piece)
            continue
        name = names.setdefault(piece.things, str(row_number(scene, len(names))))
        kind = _TYPES.get(BY_NAME[scene.objects[piece.things[0]].category].group, "other")
        phrases.append(_phrase(scene, piece, len(words), name, kind))
        words += piece.phrase.split()
        marked.append(f"[/EN#{name}/{kind} {piece.phrase}]")
    sentence = " ".join(words)
    return {
        "filename": file_name(scene),
        "sentence_id": index,
        "sentence": f"{sentence[0].upper()}{sentence[1:]} .",
        "markup": " ".join([*marked, "."]),
        "phrases": phrases,
    }


def _phrase(scene: Scene, mention: Mention, start: int, name: str, kind: str) -> Row:
    return {
        "phrase": mention.phrase,
        "first_word_index": start,
        "phrase_id": name,
        "phrase_type": [kind],
        "boxes": [scene.objects[at].box.as_list() for at in mention.things],
    }
