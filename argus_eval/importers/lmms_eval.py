"""Logs of lmms-eval: ``DATE_results.json`` and, with ``--log_samples``, ``DATE_samples_TASK.jsonl`` beside it.

Read against lmms-eval 0.7 (``loggers/evaluation_tracker.py``). A sample's metrics stand beside its answer, as
numbers, or as objects with a ``score``; objects without one (captions), and numbers that the aggregation does more
with than average (POPE's recall), are for the aggregation alone, and then only the aggregated value is known.
"""

from __future__ import annotations

import math
import pathlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from argus_eval.errors import UsageError
from argus_eval.importers.imported import Imported, ImportedSample, ImportedSpeed, ImportedTask
from argus_eval.importers.reading import json_lines, json_object, number

__all__ = ["read_lmms_eval"]

_RESULTS = re.compile(r"^(?P<date>.+)_results\.json$")
#: Fields of a logged sample that are no metric.
_OWN_FIELDS = frozenset(
    {
        "arguments",
        "doc",
        "doc_hash",
        "doc_id",
        "filtered_resps",
        "input",
        "input_media",
        "prompt_hash",
        "resps",
        "target",
        "target_hash",
        "token_counts",
    }
)


def read_lmms_eval(path: pathlib.Path) -> Imported:
    """Read a results file, or the newest one in a folder.

    Raises:
        UsageError: there is none, or it is not what lmms-eval writes.
    """
    results_file = _find(path)
    results = json_object(results_file)
    if not isinstance(results.get("results"), dict):
        raise UsageError(f"{results_file}: no results of lmms-eval: the key 'results' is missing")
    directions = results.get("higher_is_better")
    tasks, files, notes = [], [str(results_file)], []
    # Groups repeat the values of their tasks; only what has a configuration of its own was run.
    configs = results.get("configs")
    names = [name for name in results["results"] if not isinstance(configs, dict) or name in configs]
    for name in names:
        samples_file = _samples_file(results_file, name)
        if samples_file is None:
            notes.append(f"{name}: no samples were logged: run lmms-eval with --log_samples to compare them")
        else:
            files.append(str(samples_file))
        direction = directions.get(name, {}) if isinstance(directions, dict) else {}
        tasks.append(_task(name, results["results"][name], direction, samples_file))
    return Imported(
        tool="lmms-eval",
        version=_text(results.get("lmms_eval_version")).replace("unknown@unknown", ""),
        model=_model(results),
        source=tuple(files),
        tasks=tuple(tasks),
        speed=_speed(results),
        settings=_settings(results),
        notes=tuple(notes),
    )


def _find(path: pathlib.Path) -> pathlib.Path:
    if path.is_file():
        return path
    found = sorted((file for file in path.rglob("*_results.json") if file.is_file()), key=lambda file: file.name)
    if not found:
        raise UsageError(f"{path}: no *_results.json of lmms-eval in it")
    models = {file.parent for file in found}
    if len(models) > 1:
        raise UsageError(f"{path}: logs of {len(models)} models; name the folder or the results file of one")
    return found[-1]


def _samples_file(results_file: pathlib.Path, task: str) -> pathlib.Path | None:
    named = _RESULTS.match(results_file.name)
    if named is None:
        return None
    file = results_file.with_name(f"{named['date']}_samples_{task}.jsonl")
    return file if file.is_file() else None


def _task(name: str, results: object, direction: object, samples_file: pathlib.Path | None) -> ImportedTask:
    reported: dict[str, float] = {}
    for key, value in results.items() if isinstance(results, dict) else ():
        # "exact_match,none" is the metric under the filter "none"; its standard error stands beside it.
        metric, comma, _ = key.partition(",")
        found = number(value)
        if comma and "_stderr" not in metric and found is not None:
            reported.setdefault(metric, found)
    samples = _samples(samples_file) if samples_file is not None else ()
    scored = {
        metric
        for metric in {metric for sample in samples for metric in sample.scores}
        if _is_mean(reported.get(metric), [s.scores[metric] for s in samples if metric in s.scores])
    }
    samples = tuple(
        replace(sample, scores={name: value for name, value in sample.scores.items() if name in scored})
        for sample in samples
    )
    primary = next((metric for metric in reported if metric in scored), next(iter(reported), None))
    if primary is None:
        raise UsageError(f"{name}: lmms-eval's results hold no number for it")
    directions = direction if isinstance(direction, dict) else {}
    return ImportedTask(
        name=f"lmms:{name}",
        primary=primary,
        higher_is_better={metric: directions.get(metric) is not False for metric in {*reported, *scored}},
        reported=reported,
        samples=samples,
    )


def _is_mean(reported: float | None, scores: Sequence[float]) -> bool:
    """Whether a metric is the mean of what its samples score, in shares or in per cent.

    POPE's recall logs the same number a sample as its accuracy; only the aggregation knows better.
    """
    mean = sum(scores) / len(scores)
    return reported is None or any(math.isclose(mean * scale, reported, abs_tol=1e-6) for scale in (1, 100))


def _samples(path: pathlib.Path) -> tuple[ImportedSample, ...]:
    found = []
    for count, row in json_lines(path):
        if "doc_id" not in row:
            raise UsageError(f"{path}: line {count}: doc_id is missing; this is no sample of lmms-eval")
        content = _text(row.get("doc_hash"))
        found.append(
            ImportedSample(
                key=str(row["doc_id"]),
                content=f"sha256:{content}" if content else "",
                text=_answer(row),
                scores=_scores(row),
            )
        )
    return tuple(found)


def _answer(row: Mapping[str, Any]) -> str:
    """What the model said: before filters where they changed it."""
    value = row.get("resps", row.get("filtered_resps"))
    while isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) else ""


def _scores(row: Mapping[str, Any]) -> dict[str, float]:
    scores = {}
    for name, value in row.items():
        if name in _OWN_FIELDS:
            continue
        found = number(value.get("score")) if isinstance(value, dict) else number(value)
        if found is not None:
            scores[name] = found
    return scores


def _model(results: Mapping[str, Any]) -> str:
    for key in ("model_name", "model_source"):
        if isinstance(results.get(key), str) and results[key]:
            return str(results[key])
    config = results.get("config")
    return _text(config.get("model")) if isinstance(config, dict) else "unknown"


def _speed(results: Mapping[str, Any]) -> ImportedSpeed | None:
    summary = results.get("throughput")
    if not isinstance(summary, dict):
        return None
    tokens, elapsed_s = number(summary.get("total_gen_tokens")), number(summary.get("total_elapsed_time"))
    if not tokens or not elapsed_s:
        return None
    return ImportedSpeed(
        throughput={"output_tokens_per_s": tokens / elapsed_s},
        notes=("tokens by seconds inside lmms-eval's generate; host work before it is not in it",),
    )


def _settings(results: Mapping[str, Any]) -> dict[str, object]:
    config = results.get("config")
    settings: dict[str, object] = {"config": config} if isinstance(config, dict) else {}
    for key in ("versions", "git_hash", "date", "total_evaluation_time_seconds", "transformers_version"):
        if key in results:
            settings[key] = results[key]
    return settings


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
