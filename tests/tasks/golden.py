"""Every prompt there is, rendered; ``python tests/tasks/golden.py`` writes what the test compares with.

A change of wording shows in the diff of prompts.txt, and needs a new version of the prompt set beside it.
"""

from __future__ import annotations

from pathlib import Path

from argus_eval.core.request import Decoding
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.data.source import SourceSpec
from argus_eval.tasks.prompts import PROMPTS, STYLES
from argus_eval.tasks.spec import TaskSpec
from argus_eval.tasks.task import Task

FILE = Path(__file__).parent / "prompts.txt"

SAMPLE = Sample(
    key="1",
    images=(),
    inputs={"question": "What is on the table?", "expression": "the left cup", "hint": "Look at the {table}."},
    target=AnswersTarget(answers=("A",)),
    cluster="1",
    options=("traffic light", "a cup", "dog"),
)


def task_with(prompt: str) -> Task:
    return Task(
        TaskSpec(
            name="t",
            title="t",
            kind="vqa",
            version=1,
            source=SourceSpec(schema="textvqa", split="s", checked="2026-08-06", hub="o/d"),
            prompt=prompt,
            prompt_version=PROMPTS[prompt].version,
            decoding=Decoding(max_new_tokens=1),
            parser="box",
            metrics=("grounding_iou",),
            primary="acc@0.5",
        )
    )


def rendered() -> str:
    lines = []
    for name, prompts in PROMPTS.items():
        lines.append(f"== {name} version {prompts.version}")
        plain = task_with(name).prompt_for(SAMPLE, "plain")
        for style in STYLES:
            text = task_with(name).prompt_for(SAMPLE, style)
            if style != "plain" and text == plain:
                continue
            parts = [f"user {text.user!r}"]
            parts += [f"system {text.system!r}"] if text.system else []
            parts += [f"prefix {text.prefix!r}"] if text.prefix else []
            lines.append(f"{style}: {' | '.join(parts)}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="utf-8")
