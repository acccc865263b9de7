"""Synthetic runs: numbers that look like a run's, without a model. Deterministic."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

from PIL import Image, ImageDraw

from argus_eval.core.geometry import ImageSize, PixelBox
from argus_eval.core.record import Record, Times, record_key
from argus_eval.core.results import (
    ArmResult,
    BatchRate,
    Comparison,
    DataResolution,
    Efficiency,
    Fidelity,
    LossClass,
    Memory,
    MetricValue,
    Quantiles,
    Results,
    SpeedUp,
    TaskComparison,
    TaskResult,
    TwinResult,
    Unparsed,
    Verdict,
    Workload,
)
from argus_eval.core.sample import AnswersTarget, BoxTarget
from argus_eval.report.inputs import ReportInput, SampleView

MODEL = "argus-2b"
HOSTILE = "</script><script>alert(1)</script>\u202eevil\u202c <img src=x onerror=alert(2)>\x00\x1b[31m"
SIZE = ImageSize(640, 480)


def _quantiles(p50: float | None, n: int = 96, spread: float = 0.03) -> Quantiles:
    if p50 is None:
        return Quantiles()
    return Quantiles(
        p50=p50, ci=(p50 * (1 - spread), p50 * (1 + spread)), p90=p50 * 1.4 if n >= 64 else None, p99=None, n=n
    )


def sweep(factor: float) -> tuple[BatchRate, ...]:
    """Three sizes; the last does not fit."""
    rates = ((1, 4.6), (2, 9.0))
    known = tuple(
        BatchRate(
            batch=size, requests_per_s=rate * factor, ci=(rate * factor * 0.98, rate * factor * 1.02), rounds=10
        )
        for size, rate in rates
    )
    return (*known, BatchRate(batch=4, requests_per_s=None, ci=None, rounds=0, out_of_memory=True))


def efficiency(factor: float, host_factor: float, *, memory: bool = True) -> tuple[Efficiency, ...]:
    """Two entries (1 and 64 output tokens) of an arm ``factor`` times faster than the baseline."""
    host = 0.0421 / host_factor
    ttft = 0.2113 / factor
    stages = {
        "image_decode": 0.0063,
        "image_process": host - 0.0063,
        "image_process.resize_tile": (host - 0.0063) * 0.7,
        "image_process.normalize": (host - 0.0063) * 0.3,
        "template": 0.0004,
        "tokenize": 0.0047 / host_factor,
        "transfer": 0.0011,
        "vision": 0.0612 / factor,
        "prefill": 0.0511 / factor,
        "first_token": 0.0021,
    }
    residual = 1 - sum(v for k, v in stages.items() if "." not in k) / ttft
    shared = {
        "regime": "cold-image",
        "workload": Workload(fingerprint="sha256:" + "ab" * 32, n=96),
        "replicates": 6,
        "memory": Memory(host_peak_bytes=5_812_000_000 if memory else None),
    }
    return tuple(
        Efficiency(
            output_tokens=tokens,
            ttft_s=_quantiles(ttft),
            e2e_s=_quantiles(None if tokens == 1 else ttft + 63 * 0.0213),
            tpot_s=_quantiles(None if tokens == 1 else 0.0213),
            stages_s=stages if tokens == 1 else {},
            to_uint8_tiles_s=_quantiles(host * 0.8),
            to_model_ready_s=_quantiles(host),
            residual=residual if tokens == 1 else None,
            throughput={"requests_per_s": 9.0 * factor, "output_tokens_per_s": 144.0 * factor},
            throughput_sweep=sweep(factor) if tokens == 1 else (),
            shortfalls=() if tokens == 1 else ("p99 needs 662 distinct requests; has 96",),
            host_share_of_ttft=host / ttft,
            **shared,
        )
        for tokens in (1, 64)
    )


def metric(value: float | None, n: int, *, primary: bool, status: str = "scored") -> MetricValue:
    if value is None:
        reason = "the weights are random" if status == "not_measured" else "the model has no grounding"
        return MetricValue(
            value=None, ci=None, n=0, status=status, primary=primary, higher_is_better=True, reason=reason
        )
    ci = (max(0.0, value - 0.031), min(1.0, value + 0.031))
    return MetricValue(value=value, ci=ci, n=n, status="scored", primary=primary, higher_is_better=True)


def _task_names(count: int) -> tuple[str, ...]:
    names = ("refcoco[synthetic]", "textvqa[synthetic]")
    return (names + tuple(f"task{i:02d}[synthetic]" for i in range(2, count)))[:count]


def primary_metric(task: str) -> str:
    return "acc@0.5" if task.startswith("refcoco") else "vqa_accuracy"


def _task_result(task: str, value: float | None, n: int, unparsed: int) -> TaskResult:
    status = "scored" if value is not None else "not_measured"
    metrics = {primary_metric(task): metric(value, n, primary=True, status=status)}
    if task.startswith("refcoco"):
        metrics["mean_iou"] = metric(None if value is None else value * 0.93, n, primary=False, status=status)
    data = DataResolution(
        requested="bundled", resolved="bundled", fingerprint="sha256:" + "cd" * 32, n=n, source="bundled sample"
    )
    return TaskResult(
        task=task,
        data=data,
        metrics=metrics,
        unparsed=Unparsed(n=unparsed, reasons={"no box": unparsed} if unparsed else {}),
        prompt_fingerprint="sha256:" + "ef" * 32,
    )


RECIPES = (
    (),
    ("token-splice",),
    ("fused-tiles", "token-splice"),
    ("fused-tiles", "token-splice", "pinned-transfer"),
)


def _speedup(ratio: float, saved: float, *, claim: bool, name: str) -> SpeedUp:
    change = (1 / ratio - 1) * 100
    sentence = f"{name} {change:.1f} %" if claim else f"{name}: no difference shown"
    return SpeedUp(
        median=ratio,
        geomean=ratio * 0.99,
        p90=ratio * 0.97,
        ci=(ratio * 0.98, ratio * 1.02),
        slower_share=0.02,
        aa=TwinResult(ratio=1.001, ci=(0.994, 1.008)),
        claim=claim,
        sentence=sentence.replace("-", "−"),
        saved_s=saved,
        saved_ci_s=(saved * 0.95, saved * 1.05),
    )


def _verdict(index: int, trained: bool) -> Verdict:
    if not trained:
        return Verdict.NOT_MEASURED
    return (Verdict.PASS, Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.INVALID)[index % 5]


def _flips(index: int) -> dict[str, int]:
    return {"lost": 0, "gained": 0} if index == 1 else {"lost": 3 * index, "gained": 2}


def _comparison(arm: str, index: int, tasks: tuple[str, ...], trained: bool) -> Comparison:
    factor, host_factor = 1 + 0.2 * index, 1 + 0.9 * index
    verdict = _verdict(index, trained)
    rows = tuple(
        TaskComparison(
            task=task,
            metric=primary_metric(task),
            difference=-0.004 * (index - 1) if trained else None,
            ci=(-0.004 * (index - 1) - 0.011, -0.004 * (index - 1) + 0.009) if trained else None,
            flips=_flips(index) if trained else {},
            verdict=verdict,
            identical=trained and index == 1,
            n=512 if trained else 0,
            reason="" if trained else "the weights are random",
        )
        for task in tasks
    )
    host_saved = 0.0421 - 0.0421 / host_factor
    ttft_saved = 0.2113 - 0.2113 / factor
    return Comparison(
        baseline=f"{MODEL}:baseline",
        arm=arm,
        speedup={
            "host": _speedup(host_factor, host_saved, claim=True, name="host work"),
            "ttft": _speedup(factor, ttft_saved, claim=index > 1, name="TTFT"),
            "e2e": _speedup(1 + 0.02 * index, 0.01, claim=False, name="end to end"),
            "tpot": _speedup(1.0, 0.0, claim=False, name="TPOT"),
        },
        tasks=rows,
        fidelity=Fidelity(
            loss_class=LossClass.L0 if index == 1 else LossClass.L1,
            n=64,
            ids_equal=True,
            pixels_max_abs_diff=0.0 if index == 1 else 2.0,
            tokens_equal_share=(1.0 if index == 1 else 0.97) if trained else None,
            pixels_hash_equal=index == 1,
            broken="ids differ on 2 of 64 samples" if index == 3 else None,
        ),
        verdict=verdict,
        sentence=f"accuracy {verdict.value.lower().replace('_', ' ')}",
    )


def make_results(*, arms: int = 3, tasks: int = 2, trained: bool = True) -> Results:
    """A run with ``arms`` arms (the baseline included, its twin not counted) on ``tasks`` tasks."""
    names = _task_names(tasks)
    rows = []
    for index in range(arms):
        recipes = RECIPES[index] if index < len(RECIPES) else (f"recipe-{index}",)
        arm_id = f"{MODEL}:{'+'.join(recipes) or 'baseline'}"
        results = tuple(
            _task_result(
                task,
                (0.812 - 0.004 * index - 0.01 * position) if trained else None,
                512 if trained else 0,
                index if trained else 0,
            )
            for position, task in enumerate(names)
        )
        rows.append(
            ArmResult(
                id=arm_id,
                role="variant" if index else "baseline",
                model=MODEL,
                parameters=2_244_000_000,
                weights="trained" if trained else "random",
                recipes=recipes,
                backend="transformers",
                tasks=results,
                efficiency=efficiency(1 + 0.2 * index, 1 + 0.9 * index),
                label=MODEL if trained else f"{MODEL} (random weights, assumed architecture)",
                device="cpu",
                dtype="bfloat16",
                image_processor="GotOcr2ImageProcessor (torchvision)",
            )
        )
    twin = ArmResult(
        id=f"{MODEL}:baseline (A/A)",
        role="aa",
        model=MODEL,
        parameters=2_244_000_000,
        weights="trained" if trained else "random",
        recipes=(),
        backend="transformers",
        tasks=(),
        efficiency=efficiency(1.001, 1.0),
        label=MODEL if trained else f"{MODEL} (random weights, assumed architecture)",
    )
    banners = ["data: synthetic sample bundled with argus-eval, not the benchmark"]
    if not trained:
        banners.append("weights: random; accuracy is not measured")
    return Results(
        run_id="argus-2b-7f3a1c",
        complete=True,
        command="argus-eval --model argus-2b --tasks refcoco,textvqa",
        environment={
            "host": {"cpu": "AMD EPYC 9654", "cores": 2, "load": 0.4},
            "packages": {"torch": "2.15.0", "transformers": "5.23.0"},
            "governor": None,
        },
        arms=(*rows, twin),
        comparisons=tuple(
            _comparison(row.id, index, names, trained) for index, row in enumerate(rows) if row.role == "variant"
        ),
        banners=tuple(banners),
    )


def make_image(seed: int = 0, size: tuple[int, int] = SIZE) -> bytes:
    """A JPEG with a few rectangles on it."""
    generator = random.Random(seed)
    image = Image.new("RGB", size, tuple(generator.randrange(120, 240) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = generator.randrange(size[0] - 90), generator.randrange(size[1] - 90)
        colour = tuple(generator.randrange(30, 220) for _ in range(3))
        draw.rectangle((x, y, x + generator.randrange(40, 200), y + generator.randrange(40, 160)), fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def sample_view(task: str, key: str) -> SampleView | None:
    """Sample of the synthetic run: a box for refcoco, ten answers elsewhere."""
    number = int(key)
    image = make_image(number % 37)
    if task.startswith("refcoco"):
        return SampleView(
            image=image,
            image_size=SIZE,
            prompt=f"Locate: the red sign number {number}",
            target=BoxTarget(box=PixelBox(100, 90, 260, 240)),
            target_text="the red sign",
        )
    return SampleView(
        image=image,
        image_size=SIZE,
        prompt=f"What does sign {number} say?",
        target=AnswersTarget(answers=("stop", "stop sign")),
        target_text="stop · stop sign",
    )


def _accuracy_record(arm: str, arm_index: int, task: str, number: int, text: str | None) -> Record:
    wrong = (number + arm_index * 7) % 29 == 0
    unread = number % 61 == 5 and arm_index > 0
    box = [0.16, 0.19, 0.4, 0.5] if not wrong else [0.5, 0.5, 0.9, 0.9]
    prediction: dict[str, object]
    if unread:
        prediction = {"unparsed": "no box"}
    elif task.startswith("refcoco"):
        prediction = {"regions": [{"box": box, "label": "sign"}]}
    else:
        prediction = {"answer": "stop" if not wrong else "shop"}
    return Record(
        key=record_key("accuracy", arm, task, str(number)),
        pass_name="accuracy",
        arm=arm,
        task=task,
        sample=str(number),
        replicate=0,
        block=number // 8,
        order=number % 8,
        status="ok",
        text=text if text is not None else ("garbage" if unread else "<loc10><loc20>" if not wrong else "<loc1>"),
        prediction=prediction,
        scores={primary_metric(task): 0.0 if wrong or unread else 1.0},
        lengths={"visual_tokens": 320, "output_tokens": 12},
        hashes={"ids": "a" * 64},
        image=f"{number % 37:064d}",
    )


def _latency_record(arm: str, arm_index: int, task: str, number: int, block: int, order: int) -> Record:
    generator = random.Random(f"{arm}{task}{number}{block}")
    ttft = int(0.2113e9 / (1 + 0.2 * arm_index) * generator.lognormvariate(0, 0.08) * (1 + (number % 5) * 0.1))
    return Record(
        key=record_key("latency", arm, task, str(number), block),
        pass_name="latency",
        arm=arm,
        task=task,
        sample=str(number),
        replicate=block,
        block=block,
        order=order,
        status="ok",
        times_ns=Times(ttft=ttft, e2e=ttft, stages={"image_decode": 6_300_000, "vision": int(ttft * 0.4)}),
        lengths={"visual_tokens": 64 * (1 + number % 5), "output_tokens": 1},
        hashes={"ids": "a" * 64},
        image=f"{number % 37:064d}",
        regime="cold-image/1",
    )


def make_records(results: Results, samples: int = 64, text: str | None = None) -> Iterator[Record]:
    """Accuracy records of every arm and task where the weights are trained; six latency blocks in any case."""
    arms = [arm for arm in results.arms if arm.role != "aa"]
    tasks = [task.task for task in arms[0].tasks]
    if arms[0].weights == "trained":
        for task in tasks:
            for index, arm in enumerate(arms):
                for number in range(samples):
                    yield _accuracy_record(arm.id, index, task, number, text)
    for block in range(6):
        for order in range(16):
            for index, arm in enumerate(results.arms):
                yield _latency_record(arm.id, index % len(arms), tasks[0], order, block, order)


def make_input(*, arms: int = 3, tasks: int = 2, trained: bool = True, samples: int = 64) -> ReportInput:
    """A whole run as :func:`argus_eval.report.write_report` takes it."""
    results = make_results(arms=arms, tasks=tasks, trained=trained)
    return ReportInput(results=results, records=lambda: make_records(results, samples), samples=sample_view)
