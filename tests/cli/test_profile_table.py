"""The table that ``argus-eval profile`` prints."""

from __future__ import annotations

import io
from collections.abc import Mapping

from rich.console import Console

from argus_eval.cli.profile_table import print_profile
from argus_eval.engine.profile import ArmProfile, Profile


def arm(name: str, stages_s: Mapping[str, float]) -> ArmProfile:
    return ArmProfile(
        name=name,
        n=8,
        errors=0,
        stages_s=stages_s,
        shares={},
        to_uint8_tiles_s=0.004,
        to_model_ready_s=0.006,
        ttft_s=None,
        residual=None,
    )


def test_a_stage_that_only_one_arm_has_stands_under_its_own_parent() -> None:
    arms = (
        arm("baseline", {"image_decode": 0.003, "image_process": 0.007, "image_process.normalize": 0.001}),
        arm("lossless", {"image_process": 0.002, "transfer": 0.001, "image_process.resize_tile": 0.001}),
    )
    profile = Profile(
        model="argus-nano",
        label="argus-nano",
        weights="trained",
        device="cpu",
        dtype="float32",
        depth="host",
        images=8,
        arms=arms,
        environment={},
    )
    stream = io.StringIO()
    print_profile(profile, Console(file=stream, width=100, color_system=None))
    stages = ("image_decode", "image_process", "resize_tile", "normalize", "transfer")
    first_words = [line.split()[0] for line in stream.getvalue().splitlines() if line.split()]
    assert [word for word in first_words if word in stages] == list(stages)
