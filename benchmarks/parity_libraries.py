"""Official scorers that are packages. Each raises ImportError where its package is not installed."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Sequence
from typing import Any

__all__ = ["anls_package", "box_accuracy", "caption_scores", "coco", "lvis"]

COCO_NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


def coco(truth: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, float]:
    """pycocotools' twelve numbers."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        dataset = COCO()
        dataset.dataset = truth
        dataset.createIndex()
        run = COCOeval(dataset, dataset.loadRes(results), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return dict(zip(COCO_NAMES, run.stats.tolist(), strict=True))


def lvis(truth: dict[str, Any], results: list[dict[str, Any]], folder: Any) -> dict[str, float]:
    """The lvis package. It still says ``np.float``, which NumPy dropped: given back for the time of the call."""
    import json

    import numpy as np

    borrowed = not hasattr(np, "float")
    if borrowed:
        np.float = float  # type: ignore[attr-defined]
    try:
        from lvis import LVIS, LVISEval, LVISResults  # type: ignore[import-not-found,unused-ignore]

        path = folder / "lvis.json"
        path.write_text(json.dumps(truth), encoding="utf-8")
        dataset = LVIS(str(path))
        run = LVISEval(dataset, LVISResults(dataset, [dict(row) for row in results]), "bbox")
        run.run()
        found = run.get_results()
    finally:
        if borrowed:
            del np.float  # type: ignore[attr-defined]
    return {name: float(found[name]) for name in ("AP", "AP50", "AP75", "APs", "APm", "APl")}


def box_accuracy(boxes: Sequence[Sequence[float]], targets: Sequence[Sequence[float]]) -> dict[str, float]:
    """torchvision's ``box_iou``, which InternVL's evaluate_grounding.py counts with: 0.5 and more is right."""
    import torch
    from torchvision.ops import box_iou

    overlaps = box_iou(torch.tensor(boxes, dtype=torch.float64), torch.tensor(targets, dtype=torch.float64)).diag()
    return {"acc@0.5": float((overlaps >= 0.5).double().mean()), "mean_iou": float(overlaps.mean())}


def anls_package(answers: Sequence[str], targets: Sequence[Sequence[str]]) -> float:
    """The ``anls`` package: the rule of the paper, exclusive at one half."""
    from anls import anls_score  # type: ignore[import-not-found,unused-ignore]

    values: list[float] = [
        anls_score(prediction=answer, gold_labels=list(gold), threshold=0.5)
        for answer, gold in zip(answers, targets, strict=True)
    ]
    return sum(values) / len(values)


def caption_scores(references: dict[str, list[str]], said: dict[str, str], *, tokenized: bool) -> dict[str, float]:
    """pycocoevalcap: BLEU, ROUGE-L, CIDEr, and METEOR where there is Java; its PTB tokeniser needs Java too.

    Raises:
        ImportError: the package, or Java for raw captions, is missing.
    """
    from pycocoevalcap.bleu.bleu import Bleu  # type: ignore[import-not-found,unused-ignore]
    from pycocoevalcap.cider.cider import Cider  # type: ignore[import-not-found,unused-ignore]
    from pycocoevalcap.rouge.rouge import Rouge  # type: ignore[import-not-found,unused-ignore]

    java = shutil.which("java") is not None
    if not tokenized and not java:
        raise ImportError("Java, which runs the PTB tokeniser, is not there")
    truth: Any = references
    answers: Any = {key: [text] for key, text in said.items()}
    with contextlib.redirect_stdout(io.StringIO()):
        if not tokenized:
            from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer  # type: ignore[import-not-found,unused-ignore]

            wrap = PTBTokenizer()
            truth = wrap.tokenize({key: [{"caption": text} for text in texts] for key, texts in truth.items()})
            answers = wrap.tokenize({key: [{"caption": text} for text in texts] for key, texts in answers.items()})
        bleu, _ = Bleu(4).compute_score(truth, answers)
        found = {f"BLEU-{n}": float(value) for n, value in enumerate(bleu, start=1)}
        found["ROUGE-L"] = float(Rouge().compute_score(truth, answers)[0])
        found["CIDEr"] = float(Cider().compute_score(truth, answers)[0])
        if java:
            from pycocoevalcap.meteor.meteor import Meteor  # type: ignore[import-not-found,unused-ignore]

            found["METEOR"] = float(Meteor().compute_score(truth, answers)[0])
    return found
