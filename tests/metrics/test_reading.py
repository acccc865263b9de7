"""Error rates of reading against numbers worked out by hand, and what MMOCR's tests publish."""

from __future__ import annotations

import numpy as np
import pytest

from argus_eval.core.prediction import Answer, Parsed, Prediction, Unparsed
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.metrics.reading import READING


def sample(*answers: str) -> Sample:
    return Sample(key="1", images=(), inputs={}, target=AnswersTarget(answers=answers), cluster="1")


def values(*pairs: tuple[str | None, str], weights: list[float] | None = None) -> dict[str, float | None]:
    def prediction(text: str | None) -> Prediction:
        return Unparsed(reason="missing") if text is None else Parsed(value=Answer(text=text))

    statistics = [READING.statistics(prediction(said), sample(wanted)) for said, wanted in pairs]
    return dict(READING.reduce(statistics, None if weights is None else np.array(weights)))


def test_rates_are_sums_over_sums_and_no_means_of_ratios() -> None:
    found = values(("kitten", "sitting"), ("ab", "ab"), (None, "x"))
    assert found["cer"] == pytest.approx((3 + 0 + 1) / (7 + 2 + 1))
    assert found["wer"] == pytest.approx(2 / 3)
    assert values(("a b c d", "a"))["wer"] == 3.0


def test_word_accuracy_in_three_degrees() -> None:
    found = values(("hello", "hello"), ("hello", "HELLO"), ("hello", "$HELLO$"))
    assert found["word_accuracy"] == pytest.approx(1 / 3)
    assert found["word_accuracy_ignore_case"] == pytest.approx(2 / 3)
    assert found["word_accuracy_ignore_case_symbol"] == 1.0
    assert found["1-ned"] == 1.0


def test_ned_divides_by_the_longer_text() -> None:
    assert values(("abcd", "ab"))["1-ned"] == 0.5
    assert values((None, "ab"))["1-ned"] == 0.0
    assert values(("!", "?"))["1-ned"] == 1.0


def test_the_closest_answer_counts_and_weights_are_repetitions() -> None:
    close = READING.statistics(Parsed(value=Answer(text="5 pm")), sample("17:00", "5 pm"))
    assert READING.reduce([close])["cer"] == 0.0
    pairs = (("a", "ab"), ("abc", "abc"))
    assert values(*pairs, weights=[2, 1]) == values(pairs[0], *pairs)


def test_a_reference_without_a_character_has_no_rate() -> None:
    found = values(("x", ""))
    assert (found["cer"], found["wer"]) == (None, None)
