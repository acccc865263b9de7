"""The samples of a page: cut, bounded, tolerant of broken images and foreign records."""

from __future__ import annotations

import dataclasses
import json

from argus_eval.core.geometry import ImageSize
from argus_eval.report.digest import digest_records
from argus_eval.report.inputs import ReportInput, no_samples
from argus_eval.report.pictures import MAX_SIDE_PX, thumbnail
from argus_eval.report.samples import sample_book
from tests.report.fixtures import HOSTILE, make_image, make_input, make_records, make_results, sample_view


def book(run: ReportInput):
    return sample_book(run, digest_records(run.results, run.records()))


def test_rows_point_at_samples_and_arms() -> None:
    run = make_input()
    made = book(run)
    for place, arm, _, before, score, _ in made.rows:
        answers = [answer for answer in made.samples[place]["answers"] if arm in answer["arms"]]
        assert len(answers) == 1
        assert score is None or score in answers[0]["scores"].values()
        assert before is None or before in (0.0, 1.0)


def test_equal_answers_are_kept_once() -> None:
    for sample in book(make_input()).samples:
        arms = [arm for answer in sample["answers"] for arm in answer["arms"]]
        assert sorted(arms) == sorted(set(arms)) == list(range(3))


def test_boxes_are_fractions_of_the_image() -> None:
    sample = next(s for s in book(make_input()).samples if s["task"].startswith("refcoco"))
    assert sample["boxes"] == [[0.1562, 0.1875, 0.4062, 0.5, ""]]
    assert sample["answers"][0]["boxes"]


def test_long_answers_are_cut_with_their_length() -> None:
    results = make_results()
    run = ReportInput(
        results=results, records=lambda: make_records(results, 32, "x" * 100_000), samples=no_samples
    )
    made = book(run)
    texts = [answer["text"] for sample in made.samples for answer in sample["answers"]]
    assert texts
    assert all(text["n"] == 100_000 and len(text["t"]) == 2048 for text in texts)


def test_all_samples_together_stay_within_the_budget() -> None:
    results = make_results(arms=8)
    run = ReportInput(results=results, records=lambda: _distinct(results), samples=no_samples)
    made = book(run)
    assert len(json.dumps(made.samples)) <= 1_000_000
    assert made.findings > sum(row[2] != "same" for row in made.rows)


def _distinct(results):
    for number, record in enumerate(make_records(results, 200)):
        yield dataclasses.replace(record, text=f"{number} " + "y" * 5000)


def test_broken_images_give_no_picture_and_no_error() -> None:
    good = make_image(1)
    for data in (None, b"", b"not an image", good[:200], good[: len(good) // 2], b"GIF89a" + b"\x00" * 40):
        picture = thumbnail(data)
        assert picture is None or picture.startswith("data:image/jpeg;base64,")
    assert thumbnail(good[:200]) is None


def test_thumbnails_are_small() -> None:
    import base64
    import io

    from PIL import Image

    address = thumbnail(make_image(2, (1600, 900)))
    assert address is not None
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        assert max(image.size) <= MAX_SIDE_PX
        assert abs(image.width / image.height - 16 / 9) < 0.02


def test_an_image_of_no_size_is_not_drawn() -> None:
    def empty(task: str, key: str):
        view = sample_view(task, key)
        assert view is not None
        return dataclasses.replace(view, image_size=ImageSize(0, 0))

    run = dataclasses.replace(make_input(), samples=empty)
    assert all("size" not in sample for sample in book(run).samples)


def test_foreign_predictions_and_errors_are_shown_as_text() -> None:
    results = make_results()

    def records():
        for record in make_records(results, 16):
            if record.arm != results.arms[0].id and record.pass_name == "accuracy":
                record = dataclasses.replace(record, prediction={"regions": [{"box": "?"}]}, text=HOSTILE)
            yield record

    made = book(ReportInput(results=results, records=records, samples=no_samples))
    texts = [answer["text"]["t"] for sample in made.samples for answer in sample["answers"]]
    assert any("\\u202e" in text and "\u202e" not in text for text in texts)
