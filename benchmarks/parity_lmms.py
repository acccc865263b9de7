"""lmms-eval's own scoring functions over answers in a file; runs in whatever interpreter has lmms-eval.

    PYTHON benchmarks/parity_lmms.py answers.json scores.json

It is given references and answers, and calls what lmms-eval's task files name: ``process_results``, filter, metric
and aggregation. A task that cannot be imported is reported, and the others go on.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import pathlib
import sys
from collections.abc import Callable
from typing import Any

Pairs = list[dict[str, Any]]


def _utils(task: str, module: str = "utils") -> Any:
    return importlib.import_module(f"lmms_eval.tasks.{task}.{module}")


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def vqav2(pairs: Pairs) -> dict[str, float]:
    """vqav2_val, with the ids that its documents carry."""
    process = _utils("vqav2").vqav2_process_results
    documents = [
        {"question_id": 0, "answers": [{"answer": a, "answer_id": i} for i, a in enumerate(pair["target"])]}
        for pair in pairs
    ]
    scores = [process(doc, [p["text"]])["exact_match"] for doc, p in zip(documents, pairs, strict=True)]
    return {"vqa_accuracy": _mean(scores)}


def textvqa(pairs: Pairs) -> dict[str, float]:
    """textvqa_val."""
    process = _utils("textvqa").textvqa_process_results
    documents = [{"question_id": 0, "answers": list(pair["target"])} for pair in pairs]
    scores = [process(doc, [p["text"]])["exact_match"] for doc, p in zip(documents, pairs, strict=True)]
    return {"vqa_accuracy": _mean(scores)}


def pope(pairs: Pairs) -> dict[str, float]:
    """pope."""
    utils = _utils("pope")
    made = [utils.pope_process_results({"answer": p["target"], "question_id": 0}, [p["text"]]) for p in pairs]
    return {
        "accuracy": utils.pope_aggregate_accuracy([row["pope_accuracy"] for row in made]),
        "f1": utils.pope_aggregate_f1_score([row["pope_f1_score"] for row in made]),
        "yes_ratio": utils.pope_aggregate_yes_ratio([row["pope_yes_ratio"] for row in made]),
    }


def _exact_match(answer: str, target: str) -> float:
    from lmms_eval.api.metrics import exact_match_hf_evaluate

    found = exact_match_hf_evaluate([answer], [target], ignore_case=True, ignore_punctuation=True)
    return float(found["exact_match"])


def gqa(pairs: Pairs) -> dict[str, float]:
    """gqa."""
    return {"accuracy": _mean([_exact_match(pair["text"], pair["target"]) for pair in pairs])}


def ai2d(pairs: Pairs) -> dict[str, float]:
    """ai2d, with its filter, which sees answers before they are stripped."""
    chosen = _utils("ai2d").MultiChoiceRegexFilter(regex_pattern=r"([A-Z])\.")
    filtered = chosen.apply([[pair["raw"]] for pair in pairs], [{} for _ in pairs])
    return {
        "accuracy": _mean([_exact_match(a.strip(), p["target"]) for a, p in zip(filtered, pairs, strict=True)])
    }


def scienceqa_img(pairs: Pairs) -> dict[str, float]:
    """scienceqa_img."""
    process = _utils("scienceqa").sqa_process_results
    documents = [{"choices": p["options"], "answer": ord(p["target"]) - ord("A")} for p in pairs]
    scores = [process(doc, [p["text"]])["exact_match"] for doc, p in zip(documents, pairs, strict=True)]
    return {"accuracy": _mean(scores)}


def docvqa_val(pairs: Pairs) -> dict[str, float]:
    """docvqa_val's metric."""
    from lmms_eval.api.metrics import anls

    return {"anls": _mean([float(anls(p["target"], [p["text"]])["anls"]) for p in pairs])}


def chartqa(pairs: Pairs) -> dict[str, float]:
    """chartqa."""
    process = _utils("chartqa").chartqa_process_results
    documents = [{"type": f"{p['split']}_test", "answer": p["target"]} for p in pairs]
    made = [process(doc, [p["text"]]) for doc, p in zip(documents, pairs, strict=True)]
    return {"relaxed_accuracy": _mean([row["relaxed_overall"] for row in made])}


def ocrbench(pairs: Pairs) -> dict[str, float]:
    """ocrbench's items; its aggregation divides by the 1,000 of the whole benchmark."""
    process = _utils("ocrbench").ocrbench_process_results
    documents = [
        {"answer": p["target"], "dataset": p["dataset_name"], "question_type": p["question_type"]} for p in pairs
    ]
    made = [process(doc, [p["text"]]) for doc, p in zip(documents, pairs, strict=True)]
    return {"ocrbench_score": _mean([row["ocrbench_accuracy"]["score"] for row in made])}


def refcoco(pairs: Pairs) -> dict[str, float]:
    """refcoco_bbox_rec: unit coordinates."""
    utils = _utils("refcoco", "utils_rec")
    found: list[float] = []
    for pair in pairs:
        width, height = pair["image_size"]
        unit = [value / side for value, side in zip(pair["target"], (width, height) * 2, strict=True)]
        row = utils.refcoco_bbox_rec_process_result({"question_id": 0, "answer": "", "bbox": unit}, [pair["text"]])
        data = row["refcoco_ACC@0.5"]
        found.append(utils.compute_iou(data["bbox"], data["pred"]))
    return {"acc@0.5": _mean([float(value >= 0.5) for value in found]), "mean_iou": _mean(found)}


TASKS: dict[str, Callable[[Pairs], dict[str, float]]] = {
    function.__name__: function
    for function in (vqav2, textvqa, pope, gqa, ai2d, scienceqa_img, docvqa_val, chartqa, ocrbench, refcoco)
}


def main() -> None:
    """Score every task of the file that lmms-eval has."""
    source, target = map(pathlib.Path, sys.argv[1:])
    given = json.loads(source.read_text(encoding="utf-8"))
    found: dict[str, Any] = {"version": importlib.metadata.version("lmms-eval"), "scores": {}, "problems": {}}
    for name, function in TASKS.items():
        if name in given:
            # Its loop strips every answer before a task sees it (api/task.py, process_results).
            pairs = [{**pair, "raw": pair["text"], "text": pair["text"].strip()} for pair in given[name]]
            try:
                found["scores"][name] = function(pairs)
            except (ImportError, AttributeError) as problem:  # another version of it
                found["problems"][name] = f"{type(problem).__name__}: {problem}"
    target.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
