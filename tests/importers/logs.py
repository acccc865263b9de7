"""Logs in the formats of other tools, written as their own code writes them."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence

import openpyxl

DATE = "20261120_101112"


def lmms_eval_log(
    folder: pathlib.Path, correct: Sequence[bool], *, samples: bool = True, model: str = "smolvlm__256m"
) -> pathlib.Path:
    """Two tasks: textvqa with a number a sample, and a captioning task whose samples go to an aggregation."""
    target = folder / model
    target.mkdir(parents=True, exist_ok=True)
    results = {
        "results": {
            "textvqa_val": {
                "alias": "textvqa_val",
                "exact_match,none": sum(correct) / len(correct),
                "exact_match_stderr,none": 0.01,
                "exact_match_stderr_clt,none": 0.02,
                "recall,none": 0.25,
                "submission,none": None,
            },
            "coco2017_cap_val": {
                "alias": "coco2017_cap_val",
                "coco_CIDEr,none": 0.63,
                "coco_CIDEr_stderr,none": "N/A",
            },
            "a_group": {"alias": "a_group", "exact_match,none": 0.9},
        },
        "configs": {"textvqa_val": {"task": "textvqa_val"}, "coco2017_cap_val": {"task": "coco2017_cap_val"}},
        "versions": {"textvqa_val": "Yaml"},
        "higher_is_better": {"textvqa_val": {"exact_match": True}, "coco2017_cap_val": {"coco_CIDEr": True}},
        "config": {"model": "smolvlm", "model_args": "pretrained=x", "batch_size": 8},
        "model_name": "HuggingFaceTB/SmolVLM-256M-Instruct",
        "throughput": {"total_gen_tokens": 900, "total_elapsed_time": 30.0},
        "total_evaluation_time_seconds": "34.1",
    }
    path = target / f"{DATE}_results.json"
    path.write_text(json.dumps(results))
    if samples:
        rows = [
            {
                "doc_id": index,
                "target": "['stop']",
                "filtered_resps": "stop" if hit else "go",
                "token_counts": [{"output_tokens": 2}],
                "doc_hash": f"{index:064x}",
                "exact_match": 1.0 if hit else 0.0,
                # The same number a sample as the accuracy's; its aggregation makes a recall of it.
                "recall": {"question_id": index, "score": 1.0 if hit else 0.0},
                "submission": {"question_id": index, "answer": "stop"},
                "input": "What does it say?",
            }
            for index, hit in enumerate(correct)
        ]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (target / f"{DATE}_samples_textvqa_val.jsonl").write_text(text)
        caption = {
            "doc_id": 0,
            "target": "[]",
            "resps": [["a cat "]],
            "filtered_resps": ["a cat"],
            "doc_hash": "00",
        }
        caption["coco_CIDEr"] = {"answer": ["a cat"], "pred": "a cat", "image_id": 1}
        (target / f"{DATE}_samples_coco2017_cap_val.jsonl").write_text(json.dumps(caption) + "\n")
    return path


def workbook(path: pathlib.Path, rows: Sequence[dict[str, object]]) -> pathlib.Path:
    """A table as pandas writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    book.save(path)
    return path


def multiple_choice(hits: Sequence[int]) -> list[dict[str, object]]:
    return [
        {"index": index, "question": "which?", "A": "x", "B": None, "answer": "A", "prediction": "A.", "hit": hit}
        for index, hit in enumerate(hits)
    ]


def vllm_bench_result(*, detailed: bool = True, requests: int = 80) -> dict[str, object]:
    """Requests of 20 tokens; the fifth failed."""
    ttfts = [0.05 + 0.001 * index for index in range(requests)]
    gaps = [[0.01] * 19 for _ in range(requests)]
    errors = ["" for _ in range(requests)]
    ttfts[4], gaps[4], errors[4] = 0.0, [], "Traceback\nConnectionError: gone"
    result: dict[str, object] = {
        "date": "20261120-101112",
        "endpoint_type": "openai-chat",
        "backend": "openai-chat",
        "model_id": "smolvlm",
        "tokenizer_id": "smolvlm",
        "num_prompts": requests,
        "request_rate": "inf",
        "max_concurrency": 1,
        "duration": 12.5,
        "completed": requests - 1,
        "request_throughput": 6.3,
        "output_throughput": 126.0,
        "median_ttft_ms": 91.0,
        "p99_ttft_ms": 128.0,
        "median_tpot_ms": 10.0,
    }
    if detailed:
        result |= {
            "input_lens": [300] * requests,
            "output_lens": [20] * requests,
            "ttfts": ttfts,
            "itls": gaps,
            "generated_texts": ["a cat"] * requests,
            "errors": errors,
        }
    return result
