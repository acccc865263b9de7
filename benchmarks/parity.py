"""The parity page: identical outputs scored by the official script or its library, by lmms-eval, and by us.

    python -m benchmarks.parity [--lmms-python PYTHON] [--output docs/parity.md] [--json PATH]

Inputs are made here, from the bundled scenes with deterministic mistakes; where recorded scores of the official
code lie beside the checkout (../shared/reference) they are compared too. What is not installed is said to be
missing, and the rest goes on. Ours is `argus-eval score`. Leaves with 1 if a number differs and nothing below
says why.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import io
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from argus_eval.cli import main as command_line
from benchmarks import parity_blocks
from benchmarks.parity_blocks import Block
from benchmarks.parity_cases import Case

ROOT = pathlib.Path(__file__).resolve().parents[1]
REFERENCE = ROOT.parent / "shared" / "reference"
PACKAGES = ("pycocotools", "pycocoevalcap", "lvis", "anls", "shapely", "torchvision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One block with everybody's numbers."""

    block: Block
    ours: dict[str, float]
    official: dict[str, float]
    missing: str
    lmms: dict[str, float] = field(default_factory=dict)
    unexplained: tuple[str, ...] = ()


class Scorer:
    """Runs ``argus-eval score`` in this process on files in a folder of its own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def __call__(self, case: Case) -> dict[str, float]:
        annotations = self._write("annotations", case.annotations)
        predictions = self._write("predictions", case.predictions, native=isinstance(case.annotations, dict))
        out = self.folder / "out.json"
        words = ["score", "--task", case.task, "--annotations", annotations, "--predictions", predictions]
        words += ["--json", str(out), "--set", "ci=off"]
        for pair in case.settings:
            words += ["--set", pair]
        if case.dialect is not None:
            words += ["--dialect", case.dialect]
        with contextlib.redirect_stdout(io.StringIO()):
            code = command_line(words)
        if code != 0:
            raise SystemExit(f"{' '.join(words)}: left with {code}")
        metrics = json.loads(out.read_text(encoding="utf-8"))["metrics"]
        return {name: metric["value"] for name, metric in metrics.items() if metric["value"] is not None}

    def _write(self, name: str, value: Any, *, native: bool = False) -> str:
        lines = isinstance(value, list) and not native
        path = self.folder / f"{name}.{'jsonl' if lines else 'json'}"
        text = "".join(json.dumps(row) + "\n" for row in value) if lines else json.dumps(value)
        path.write_text(text, encoding="utf-8")
        return str(path)


def compare(python: str, reference: pathlib.Path) -> tuple[list[Compared], str]:
    """Every block, and what is to be said of lmms-eval: its version, or why it is missing."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        score = Scorer(folder)
        blocks = list(parity_blocks.blocks(reference))
        lmms, said = _lmms(python, blocks, folder)
        return [_compared(block, score, folder, lmms) for block in blocks], said


def _compared(block: Block, score: Scorer, folder: pathlib.Path, lmms: dict[str, Any]) -> Compared:
    ours = score(block.case)
    missing = block.absent
    official: dict[str, float] = {}
    if not missing:
        try:
            official = block.official(folder)
        except ImportError as problem:
            missing = f"not installed ({problem})"
    theirs = lmms.get(block.lmms or "", {})
    sides = (("official", official), ("lmms-eval", theirs))
    unexplained = tuple(
        f"{side} {name}: {value} against {ours.get(name)}"
        for side, values in sides
        for name, value in values.items()
        if _differs(value, ours.get(name), block.precision) and side not in block.why
    )
    return Compared(
        block=block, ours=ours, official=official, missing=missing, lmms=theirs, unexplained=unexplained
    )


def _differs(value: float, ours: float | None, precision: float) -> bool:
    return ours is None or abs(value - ours) > precision


def _lmms(python: str, blocks: list[Block], folder: pathlib.Path) -> tuple[dict[str, Any], str]:
    given = {
        block.lmms: [{**row, "text": text} for row, text in block.case.pairs]
        for block in blocks
        if block.lmms is not None
    }
    source, target = folder / "answers.json", folder / "scores.json"
    source.write_text(json.dumps(given), encoding="utf-8")
    script = pathlib.Path(__file__).with_name("parity_lmms.py")
    done = subprocess.run([python, str(script), str(source), str(target)], capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {}, f"lmms-eval not installed ({last})"
    found = json.loads(target.read_text(encoding="utf-8"))
    for task, problem in found["problems"].items():
        print(f"lmms-eval: {task}: {problem}", file=sys.stderr)
    return found["scores"], f"lmms-eval {found['version']}"


def page(compared: list[Compared], lmms: str) -> str:
    """The page in Markdown."""
    return "\n".join([*_head(lmms), *_summary(compared), *(line for item in compared for line in _section(item))])


def _head(lmms: str) -> list[str]:
    versions = []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} not installed")
    return [
        "# Parity",
        "",
        "The same outputs scored three times: by the official script or its library, by lmms-eval's own",
        "functions, and by `argus-eval score`. Made by `make parity`. The inputs are the bundled synthetic scenes",
        "answered with deterministic mistakes (`benchmarks/parity_cases.py`): no number says anything of a model.",
        "*Restated*: the official script is no package; its rule is written down again in",
        "`benchmarks/parity_rules.py`, apart from ours. *Recorded*: what the official code gave elsewhere, on the",
        "files that are named. Equal means: to six digits, unless fewer were recorded.",
        "",
        f"Official: {', '.join(versions)}. {lmms}.",
        "",
    ]


def _summary(compared: list[Compared]) -> list[str]:
    lines = [
        "| benchmark | metric | n | official | lmms-eval | ours | |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for item in compared:
        block = item.block
        for number, name in enumerate(block.metrics):
            first = f"[{block.title}](#{_anchor(block.title)})" if number == 0 else ""
            count = f"{block.n:,}" if number == 0 else ""
            cells = [_figure(item.official.get(name)), _figure(item.lmms.get(name)), _figure(item.ours.get(name))]
            lines.append(f"| {first} | {name} | {count} | {' | '.join(cells)} | {_verdict(item, name)} |")
    return [*lines, ""]


def _verdict(item: Compared, name: str) -> str:
    words = []
    for side, values in (("official", item.official), ("lmms-eval", item.lmms)):
        if name in values:
            differs = _differs(values[name], item.ours.get(name), item.block.precision)
            words.append(f"{side} {'differs' if differs else 'equal'}")
    return ", ".join(words) or "nothing to compare with"


def _section(item: Compared) -> Iterator[str]:
    block = item.block
    yield f"## {block.title}"
    yield ""
    yield (
        f"Outputs: {block.outputs}. Official: {block.source}" + (f"; {item.missing}" if item.missing else "") + "."
    )
    for side, values in (("official", item.official), ("lmms-eval", item.lmms)):
        differing = [
            name for name, value in values.items() if _differs(value, item.ours.get(name), block.precision)
        ]
        if differing:
            why = block.why.get(side, "NOT EXPLAINED")
            gaps = ", ".join(f"{name} {_gap(values[name], item.ours.get(name))}" for name in differing)
            yield ""
            yield f"*Difference to {side}* ({gaps}; theirs − ours): {why}"
    if block.lmms is None:
        yield ""
        yield f"lmms-eval: {block.no_lmms}"
    yield ""


def _gap(value: float, ours: float | None) -> str:
    return "not measured here" if ours is None else f"{value - ours:+.4f}".replace("-", "−")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _anchor(title: str) -> str:
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -")
    return kept.replace(" ", "-")


def main() -> int:
    """Compare, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--lmms-python", default=sys.executable, metavar="PYTHON", help="interpreter with lmms-eval"
    )
    parser.add_argument("--reference", type=pathlib.Path, default=REFERENCE, metavar="FOLDER")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "docs" / "parity.md")
    parser.add_argument("--json", type=pathlib.Path, metavar="PATH")
    arguments = parser.parse_args()
    compared, lmms = compare(arguments.lmms_python, arguments.reference)
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(page(compared, lmms), encoding="utf-8")
    if arguments.json is not None:
        rows = [
            {
                "benchmark": item.block.title,
                "n": item.block.n,
                "ours": {name: item.ours.get(name) for name in item.block.metrics},
                "official": item.official,
                "lmms-eval": item.lmms,
                "missing": item.missing,
            }
            for item in compared
        ]
        arguments.json.write_text(json.dumps({"lmms": lmms, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    print(arguments.output)
    unexplained = [f"{item.block.title}: {words}" for item in compared for words in item.unexplained]
    for line in unexplained:
        print(f"not explained: {line}", file=sys.stderr)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
