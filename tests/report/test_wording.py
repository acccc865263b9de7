"""What arms and gains are called, and the sentence that leads."""

from __future__ import annotations

import dataclasses

from argus_eval.core.results import SpeedUp
from argus_eval.report.wording import arm_label, headline, lead_sentence, recipe_label, short_labels, speed_gist
from tests.report.fixtures import make_results


def test_the_sentence_leads_with_host_work_then_ttft_then_accuracy() -> None:
    results = make_results()
    sentence = lead_sentence(results.comparisons[1], results.arms[0])
    assert sentence.startswith("Host work −27.1 ms an image [−28.4, −25.7], 12.8 % of the baseline's TTFT")
    assert sentence.index("Host work") < sentence.index("TTFT −28.6 %") < sentence.index("accuracy inconclusive")


def test_an_unclaimed_gain_is_no_gain_in_the_sentence() -> None:
    results = make_results()
    quiet = {
        name: dataclasses.replace(speedup, claim=False, sentence=f"{name}: no difference shown")
        for name, speedup in results.comparisons[1].speedup.items()
    }
    sentence = lead_sentence(dataclasses.replace(results.comparisons[1], speedup=quiet), results.arms[0])
    assert "−" not in sentence
    assert sentence.startswith("Host: no difference shown; Ttft: no difference shown")


def test_one_reason_for_two_gains_is_said_once() -> None:
    comparison = make_results().comparisons[1]

    def lost(n: int) -> dict[str, SpeedUp]:
        why = "accuracy preservation not shown (FAIL, n = {}) (a gain needs accuracy to be preserved)"
        sentences = {"host": f"host work −28 %; {why.format(600)}", "ttft": f"TTFT −11 %; {why.format(n)}"}
        return {
            name: dataclasses.replace(speedup, claim=False, sentence=sentences.get(name, ""))
            for name, speedup in comparison.speedup.items()
        }

    said = lead_sentence(dataclasses.replace(comparison, speedup=lost(600)), None)
    assert said.startswith("Host work −28 %, TTFT −11 %; accuracy preservation not shown (FAIL, n = 600)")
    assert said.count("not shown") == 1
    apart = lead_sentence(dataclasses.replace(comparison, speedup=lost(200)), None)
    assert apart.count("not shown") == 2


def test_every_quantity_is_told_as_gain_loss_or_neither() -> None:
    comparison = make_results().comparisons[1]
    assert speed_gist(comparison) == "faster: host work, TTFT; no gain shown: end to end, TPOT"
    hurting = {
        name: dataclasses.replace(speedup, claim=False, shown="slower" if name == "ttft" else None)
        for name, speedup in comparison.speedup.items()
    }
    assert (
        speed_gist(dataclasses.replace(comparison, speedup=hurting))
        == "slower: TTFT; no gain shown: host work, end to end, TPOT"
    )
    unproven = {"ttft": dataclasses.replace(comparison.speedup["ttft"], claim=False, shown="faster")}
    assert speed_gist(dataclasses.replace(comparison, speedup=unproven)) == "faster, but accuracy not shown: TTFT"
    assert speed_gist(dataclasses.replace(comparison, speedup={})) == ""


def test_nothing_measured_is_said_in_words() -> None:
    comparison = dataclasses.replace(make_results(trained=False).comparisons[0], speedup={}, sentence="")
    assert lead_sentence(comparison, None) == (
        "Host work saved: not measured; TTFT not measured; accuracy not measured."
    )


def test_random_weights_stand_in_every_label() -> None:
    for arm in make_results(trained=False).arms:
        assert "random weights, assumed architecture" in arm_label(arm)


def test_short_labels_are_distinct_and_drop_a_lone_model() -> None:
    results = make_results(arms=4)
    labels = short_labels(results)
    assert len(set(labels.values())) == len(results.arms)
    assert not any("argus-2b" in label for label in labels.values())
    two_models = dataclasses.replace(
        results, arms=(*results.arms, dataclasses.replace(results.arms[0], id="x:baseline", model="x", label=""))
    )
    assert short_labels(two_models)["x:baseline"] == "x: baseline"


def test_recipes_are_not_said_twice() -> None:
    arm = make_results().arms[2]
    assert recipe_label(arm) == ""
    assert recipe_label(dataclasses.replace(arm, id="argus-2b:lossless")) == "fused-tiles + token-splice"


def test_the_headline_is_the_short_output_for_ttft_and_the_long_one_for_tpot() -> None:
    arm = make_results().arms[0]
    first, last = headline(arm), headline(arm, "tpot_s")
    assert first is not None
    assert last is not None
    assert (first.output_tokens, last.output_tokens) == (1, 64)
    assert headline(dataclasses.replace(arm, efficiency=())) is None
