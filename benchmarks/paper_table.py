"""The paper's table on whatever is there: what recipes leave of the host's work before a compact VLM can start.

    python benchmarks/paper_table.py --host-only [--blocks 20] [--json benchmarks/results/NAME.json]
    python benchmarks/paper_table.py                # time to first token too: true-size models, random weights

SmolVLM-256M and InternVL3-2B, one 640 × 480 photograph and a stratified set of sizes and formats. Arms: the
baseline (literally stock), a second baseline that shows the noise, the legacy Pillow processor, the ladder of
recipes, lossless. Every block runs all arms on the same image in a new random order, with a question of its own,
so that no arm answers from memory. Reported: medians with order-statistic intervals, ratios of medians with
bootstrap intervals over blocks. Host milliseconds come from any machine; time to first token is held to its target
only on a GPU. Needs torch, torchvision, transformers, pillow, numpy and scipy.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import warnings
from collections.abc import Mapping, Sequence

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks.paper_table_images import photograph, stratified_set
from benchmarks.paper_table_measure import Arm, Measured, arms_of, machine, measure
from benchmarks.paper_table_statistics import TARGETS, Ratio, interval_of_median, judged, ratio_of_medians

MODELS = ("smolvlm-256m", "internvl3-2b")
METRICS = ("to_uint8_tiles", "to_model_ready", "ttft")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(MODELS), help="registry names joined by commas")
    parser.add_argument("--host-only", action="store_true", help="no model forward: host stages only")
    parser.add_argument("--device", default=None, help="cuda where there is one, else cpu")
    parser.add_argument("--blocks", type=int, default=20, help="on the photograph")
    parser.add_argument(
        "--stratified-blocks", type=int, default=3, help="on each image of the set; 0 leaves it out"
    )
    parser.add_argument("--images", type=pathlib.Path, help="folder of real photographs; drawn ones without it")
    parser.add_argument("--json", type=pathlib.Path, help="raw results")
    arguments = parser.parse_args()
    warnings.simplefilter("default", RuntimeWarning)
    photo, set_of_images = photograph(arguments.images), stratified_set(arguments.images)
    facts: dict[str, object] = {"machine": machine(), "photo": photo.name, "models": {}}
    print(f"{facts['machine']}\nphoto: {photo.name}, {len(photo.image.data)} bytes", flush=True)
    found: dict[str, object] = {}
    for name in arguments.models.split(","):
        arms = arms_of(name, arguments.device, host_only=arguments.host_only)
        on_photo = measure(arms, [photo], arguments.blocks, host_only=arguments.host_only)
        print(f"\n## {name}: {photo.name}, {arguments.blocks} blocks", flush=True)
        show(arms, on_photo)
        print()
        row: dict[str, object] = {
            "arms": {arm.name: list(arm.recipes) for arm in arms},
            "notes": sorted({note for arm in arms for note in arm.notes}),
            "device": arms[0].device,
            "targets": judge(name, on_photo, device=arms[0].device),
            "photo": on_photo.as_data(),
        }
        if arguments.stratified_blocks:
            on_set = measure(arms, set_of_images, arguments.stratified_blocks, host_only=True)
            blocks = f"{len(set_of_images)} images × {arguments.stratified_blocks} blocks"
            print(f"\n## {name}: stratified set, {blocks}", flush=True)
            show(arms, on_set)
            row["stratified"] = on_set.as_data()
        found[name] = row
    facts["models"] = found
    facts["machine_after"] = machine()
    if arguments.json:
        arguments.json.write_text(json.dumps(facts, indent=1) + "\n")
        print(f"\nraw results: {arguments.json}")


def show(arms: Sequence[Arm], measured: Measured) -> None:
    """One row an arm: medians in milliseconds with intervals, and how many times faster than the baseline."""
    width = max(len(arm.label) for arm in arms)
    for metric in METRICS:
        base = measured.seconds[arms[0].name].get(metric)
        if not base:
            continue
        print(f"{metric:<{width}}  median ms [95 %]          against baseline          CPU time")
        for arm in arms:
            times = measured.seconds[arm.name][metric]
            low, middle, high = interval_of_median(times)
            ratio = ratio_of_medians(base, times)
            work = ratio_of_medians(measured.cpu_seconds[arms[0].name], measured.cpu_seconds[arm.name])
            print(
                f"  {arm.label:<{width}}{middle * 1e3:8.1f} [{low * 1e3:.1f}, {high * 1e3:.1f}]".ljust(width + 32)
                + f"{ratio.text():<26}"
                + (f"{work.value:.1f}×" if metric == "to_model_ready" else "")
            )
    for arm in arms:
        equal = "ids equal" if measured.ids_equal[arm.name] else "IDS DIFFER"
        print(f"  {arm.label:<{width}}  {equal}, largest pixel difference {measured.largest[arm.name]:.3g}")


def judge(model: str, measured: Measured, device: str) -> list[Mapping[str, object]]:
    """The rows of the target table for one model, printed and returned."""
    rows: list[Mapping[str, object]] = []
    best = measured.seconds["lossless"]
    for target in TARGETS:
        if target.model != model:
            continue
        against, fast = measured.seconds[target.against].get(target.metric), best.get(target.metric)
        if not against or not fast or (target.needs_device and not device.startswith("cuda")):
            print(f"{target.label}: not measured here")
            rows.append({"target": target.label, "verdict": "not measured"})
            continue
        ratio: Ratio = ratio_of_medians(against, fast)
        verdict = judged(target, ratio)
        print(
            f"{target.label}: {ratio.text()}, wanted ≥ {target.ratio:g}×, stretch {target.stretch:g}× → {verdict}"
        )
        rows.append({"target": target.label, "ratio": ratio.as_data(), "verdict": verdict})
    return rows


if __name__ == "__main__":
    main()
