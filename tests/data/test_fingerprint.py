from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from argus_eval.core.geometry import PixelBox
from argus_eval.core.sample import AnswersTarget, BoxTarget, Sample
from argus_eval.data.fingerprint import data_fingerprint, sample_fingerprint
from argus_eval.data.images import encoded_image

from .tables import jpeg

SAMPLE = Sample(
    key="1",
    images=(encoded_image(jpeg()),),
    inputs={"question": "what?"},
    target=AnswersTarget(answers=("a", "b")),
    cluster="c",
    options=("x",),
    attributes={"split": "human"},
)


def test_equal_content_has_an_equal_fingerprint():
    again = replace(SAMPLE, images=(encoded_image({"bytes": jpeg(), "path": "other name"}),))
    assert sample_fingerprint(again) == sample_fingerprint(SAMPLE)
    assert sample_fingerprint(SAMPLE).startswith("sha256:")


def test_every_part_counts():
    changed = [
        replace(SAMPLE, key="2"),
        replace(SAMPLE, images=()),
        replace(SAMPLE, images=(encoded_image(jpeg((1, 2, 3))),)),
        replace(SAMPLE, inputs={"question": "why?"}),
        replace(SAMPLE, target=AnswersTarget(answers=("b", "a"))),
        replace(SAMPLE, target=BoxTarget(box=PixelBox(0, 0, 1, 1))),
        replace(SAMPLE, options=("y",)),
        replace(SAMPLE, attributes={"split": "augmented"}),
    ]
    assert len({sample_fingerprint(sample) for sample in (SAMPLE, *changed)}) == len(changed) + 1


@given(st.lists(st.text(max_size=4), max_size=12), st.randoms())
def test_a_data_set_has_no_order_but_multiplicity(items: list[str], chance: random.Random):
    shuffled = items[:]
    chance.shuffle(shuffled)
    assert data_fingerprint(shuffled) == data_fingerprint(items)
    assert data_fingerprint([*items, "x"]) != data_fingerprint(items)
