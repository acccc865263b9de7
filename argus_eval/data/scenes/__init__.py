"""Synthetic scenes: seeded, unlimited, with everything in them known.

``generate_scene(seed)`` gives a `Scene` (content: what stands where, what is written, with tight boxes);
``render(scene)`` paints it; ``encode(image)`` compresses it; ``annotate(name, scene)`` asks the questions of a
benchmark about it, as rows in the schema its data set is published in. Needs NumPy and Pillow, nothing else.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.registry import BENCHMARKS, annotate
from argus_eval.data.scenes.draws import Draws, Stream, draws_for
from argus_eval.data.scenes.generate import generate_scene
from argus_eval.data.scenes.placing import Sight, scene_sights
from argus_eval.data.scenes.profile import ORDINARY, SceneProfile, only
from argus_eval.data.scenes.render import Encoding, choose_encoding, encode, render
from argus_eval.data.scenes.scene import Scene, SceneObject, content_fingerprint, scene_from_text, scene_to_text

__all__ = [
    "BENCHMARKS",
    "ORDINARY",
    "Draws",
    "Encoding",
    "Scene",
    "SceneObject",
    "SceneProfile",
    "Sight",
    "Stream",
    "annotate",
    "choose_encoding",
    "content_fingerprint",
    "draws_for",
    "encode",
    "generate_scene",
    "only",
    "render",
    "scene_from_text",
    "scene_sights",
    "scene_to_text",
]
