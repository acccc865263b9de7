"""The presets: static lists by family and device kind, the same for everybody.

A list names what is meant for that family on that device. What cannot work where it is resolved (a library that
is missing, a backend without a pipeline) is left out; a recipe that turns out not to help stays and is reported as
not helping.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ANY", "PRESET_LISTS", "PRESETS", "preset"]

ANY = "*"

_HOST = ("fast-decode", "fused-tiles", "token-splice")
_DEVICE = ("pinned-copies",)
_GRAPHS = ("compiled-vision", "static-decode")  # on a CPU a compilation costs minutes and gains little
_TILES = ("argus", "internvl", "smolvlm")
_PATCHES = ("qwen2-vl", "qwen2.5-vl", "qwen3-vl")

#: preset → family → device kind → recipes; ``*`` stands for any family or device kind without a line of its own.
PRESET_LISTS: Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    # Same ids, same tensors, same tokens.
    "exact": {
        **{
            family: {
                "cpu": ("token-splice", "prompt-memo", "sync-free-merge"),
                ANY: ("pinned-copies", "token-splice", "prompt-memo", "sync-free-merge"),
            }
            for family in _TILES
        },
        **{family: {ANY: ("token-splice",)} for family in _PATCHES},
        ANY: {ANY: ()},
    },
    # The same mathematics.
    "lossless": {
        **{
            family: {
                "cpu": (*_HOST, "prompt-memo", "sync-free-merge"),
                ANY: (*_HOST, *_DEVICE, "prompt-memo", "sync-free-merge"),
            }
            for family in _TILES
        },
        **{family: {ANY: _HOST} for family in _PATCHES},
        ANY: {ANY: ()},
    },
    # What the paper names: decoding and image processing, copies, tokenising.
    "paper": {
        **{family: {"cpu": _HOST, ANY: (*_HOST, *_DEVICE)} for family in _TILES},
        **{family: {ANY: _HOST} for family in _PATCHES},
        ANY: {ANY: ()},
    },
    "fastest": {
        **{
            family: {
                "cpu": ("uint8-transfer", *_HOST, "prompt-memo", "sync-free-merge"),
                "cuda": ("uint8-transfer", *_HOST, *_DEVICE, "prompt-memo", "sync-free-merge", *_GRAPHS),
                ANY: ("uint8-transfer", *_HOST, *_DEVICE, "prompt-memo", "sync-free-merge"),
            }
            for family in _TILES
        },
        **{family: {ANY: _HOST} for family in _PATCHES},
        ANY: {ANY: ()},
    },
}


def preset(name: str, family: str, device: str) -> tuple[str, ...]:
    """The recipes of a preset for one family on one device kind, obstacles not yet considered."""
    families = PRESET_LISTS[name]
    devices = families.get(family, families[ANY])
    kind = device.partition(":")[0]
    return devices[kind] if kind in devices else devices.get(ANY, ())


def _everything(families: Mapping[str, Mapping[str, tuple[str, ...]]]) -> tuple[str, ...]:
    named = (recipe for devices in families.values() for recipes in devices.values() for recipe in recipes)
    return tuple(dict.fromkeys(named))


#: Preset → every recipe that stands in it for some family, for listings.
PRESETS: dict[str, tuple[str, ...]] = {name: _everything(families) for name, families in PRESET_LISTS.items()}
