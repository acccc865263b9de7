"""The page as a whole: numbers equal the results, nothing is loaded, nothing of a model's words is obeyed."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import pathlib
import re
from html.parser import HTMLParser

import pytest

from argus_eval.core.codec import from_json
from argus_eval.core.results import Results
from argus_eval.errors import EnvironmentError_, UsageError
from argus_eval.report import render_report, write_report
from argus_eval.report.inputs import ReportInput, no_records, no_samples
from tests.report.fixtures import HOSTILE, make_input, make_records, make_results, sample_view


class Reader(HTMLParser):
    """Elements, their attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self._inside: tuple[str, dict[str, str | None]] | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside = (tag, dict(attrs)) if tag in ("script", "style") else None

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._inside = None

    def handle_data(self, data):
        if self._inside:
            self.raw.append((*self._inside, data))
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


@pytest.fixture(scope="module")
def trained() -> str:
    return render_report([make_input()])


@pytest.fixture(scope="module")
def random_weights() -> str:
    return render_report([make_input(trained=False)])


@pytest.fixture(scope="module")
def hostile() -> str:
    return render_report([hostile_input()])


def hostile_input() -> ReportInput:
    """Every text that a model, a data set or a configuration can choose is an attack."""
    results = make_results()
    arms = tuple(
        dataclasses.replace(
            arm,
            id=f"{arm.id}{HOSTILE}",
            label=f"{arm.label}{HOSTILE}",
            device=HOSTILE,
            notes=(HOSTILE,),
            tasks=tuple(dataclasses.replace(task, task=task.task + HOSTILE) for task in arm.tasks),
        )
        for arm in results.arms
    )
    comparisons = tuple(
        dataclasses.replace(
            c,
            arm=c.arm + HOSTILE,
            baseline=c.baseline + HOSTILE,
            sentence=HOSTILE,
            tasks=tuple(dataclasses.replace(row, task=row.task + HOSTILE, reason=HOSTILE) for row in c.tasks),
        )
        for c in results.comparisons
    )
    attacked = dataclasses.replace(
        results,
        arms=arms,
        comparisons=comparisons,
        run_id=HOSTILE,
        command=HOSTILE,
        banners=(HOSTILE,),
        environment={HOSTILE: HOSTILE, "list": [HOSTILE, {"a": HOSTILE}]},
    )

    def records():
        for record in make_records(results, 48, HOSTILE * 1200):
            yield dataclasses.replace(record, arm=record.arm + HOSTILE, task=record.task + HOSTILE)

    def samples(task: str, key: str):
        view = sample_view(task, key)
        assert view is not None
        return dataclasses.replace(view, prompt=HOSTILE * 900, target_text=HOSTILE)

    return ReportInput(results=attacked, records=records, samples=samples)


def numbers_of(results: Results) -> dict[str, float]:
    """What a page must show of a run, by where it stands in the results."""
    wanted: dict[str, float] = {}
    for arm in results.arms:
        if arm.role == "aa":
            continue
        for entry in arm.efficiency:
            for name in ("ttft_s", "e2e_s", "tpot_s"):
                value = getattr(entry, name).p50
                if value is not None and (name == "ttft_s") == (entry.output_tokens == 1):
                    wanted[f"{arm.id} {name}"] = value
            for stage, value in entry.stages_s.items():
                wanted[f"{arm.id} {stage}"] = value
            if entry.memory.host_peak_bytes is not None:
                wanted[f"{arm.id} memory"] = entry.memory.host_peak_bytes
        for task in arm.tasks:
            for name, metric in task.metrics.items():
                if metric.primary and metric.value is not None:
                    wanted[f"{arm.id} {task.task} {name}"] = metric.value
    for comparison in results.comparisons:
        for row in comparison.tasks:
            if row.difference is not None:
                wanted[f"{comparison.arm} {row.task} difference"] = row.difference
                for kind, count in row.flips.items():
                    wanted[f"{comparison.arm} {row.task} {kind}"] = count
        wanted[f"{comparison.arm} saved"] = comparison.speedup["host"].saved_s or 0.0
        for name in ("ttft", "e2e", "tpot"):
            wanted[f"{comparison.arm} {name}"] = comparison.speedup[name].median or 0.0
    return wanted


@pytest.mark.parametrize("page", ["trained", "random_weights"])
def test_every_number_of_the_results_is_on_the_page(page: str, request: pytest.FixtureRequest) -> None:
    reader = Reader(request.getfixturevalue(page))
    shown = {float(attributes["value"] or "nan") for tag, attributes in reader.elements if tag == "data"}
    missing = {
        where: v for where, v in numbers_of(make_results(trained=page == "trained")).items() if v not in shown
    }
    assert missing == {}


def test_results_can_be_taken_from_the_page(trained: str) -> None:
    for tag, attributes in Reader(trained).elements:
        if tag == "a" and attributes.get("download") == "results.json":
            document = base64.b64decode((attributes["href"] or "").partition("base64,")[2])
            assert from_json(Results, json.loads(document)) == from_json(
                Results, json.loads(json.dumps(to_plain(make_results())))
            )
            return
    pytest.fail("no download of results.json")


def to_plain(results: Results):
    from argus_eval.core.codec import to_json

    return to_json(results)


@pytest.mark.parametrize("page", ["trained", "random_weights", "hostile"])
def test_the_policy_names_exactly_what_is_inline(page: str, request: pytest.FixtureRequest) -> None:
    reader = Reader(request.getfixturevalue(page))
    policy = next(
        attributes["content"] or ""
        for tag, attributes in reader.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, attributes, content in reader.raw:
        if attributes.get("type") == "application/json":
            continue
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy, tag
    assert policy.count("sha256-") == 3


@pytest.mark.parametrize("page", ["trained", "random_weights", "hostile"])
def test_nothing_is_loaded_and_nothing_is_styled_or_scripted_inline(
    page: str, request: pytest.FixtureRequest
) -> None:
    for tag, attributes in Reader(request.getfixturevalue(page)).elements:
        assert tag not in ("iframe", "object", "embed", "base", "form", "img")
        for name, value in attributes.items():
            assert name != "style"
            assert not name.startswith("on")
            if name in ("href", "src", "xlink:href"):
                assert (value or "").startswith(("data:", "#")), (tag, name, value)


def test_hostile_texts_stay_texts(hostile: str, trained: str) -> None:
    attacked, calm = Reader(hostile), Reader(trained)
    assert len([1 for tag, _ in attacked.elements if tag == "script"]) == len(
        [1 for tag, _ in calm.elements if tag == "script"]
    )
    assert "<img src=x" not in re.sub(r"<script.*?</script>", "", hostile, flags=re.DOTALL)
    for forbidden in ("\u202e", "\u202c", "\x00", "\x1b"):
        assert forbidden not in hostile
    assert "\\u202eevil\\u202c" in attacked.text


def test_hostile_answers_are_cut_and_say_how_long_they_were(hostile: str) -> None:
    data = next(raw for tag, attributes, raw in Reader(hostile).raw if attributes.get("id") == "r0-data")
    assert "<" not in data
    samples = json.loads(data)["samples"]
    texts = [answer["text"] for sample in samples for answer in sample["answers"]]
    assert texts
    assert all(text["n"] == len((HOSTILE * 1200).encode()) for text in texts)
    assert len(hostile.encode()) < 6_000_000


def test_random_weights_are_announced_and_nothing_reads_as_zero(random_weights: str) -> None:
    reader = Reader(random_weights)
    text = reader.text
    assert "random weights, assumed architecture" in text
    assert "Accuracy was not measured in this run: latency alone is shown" in text
    assert "accuracy not measured" in text
    assert not re.search(r"\bnan\b|\bNone\b|undefined", text, re.IGNORECASE)
    assert "Accuracy: not measured on refcoco[synthetic], textvqa[synthetic] (the weights are random)" in text


def test_charts_are_drawn_without_scripts(trained: str) -> None:
    body = re.sub(r"<script.*?</script>", "", trained, flags=re.DOTALL)
    assert body.count('class="marks"') == 2
    assert "token-splice" in body


def test_every_table_has_headers_and_every_control_a_name(trained: str) -> None:
    tags = Reader(trained).elements
    tables = [tag for tag, _ in tags if tag == "table"]
    heads = [attributes for tag, attributes in tags if tag == "th"]
    assert len(tables) > 8
    assert all(attributes.get("scope") in ("col", "colgroup", "row") for attributes in heads)
    ids = [attributes["id"] for _, attributes in tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in tags:
        if attributes.get("aria-labelledby"):
            assert attributes["aria-labelledby"] in ids
    links = [attributes["href"] or "" for tag, attributes in tags if tag == "a"]
    assert all(link[1:] in ids for link in links if link.startswith("#"))


def test_twenty_arms_on_twenty_tasks_fit() -> None:
    page = render_report([make_input(arms=20, tasks=20, samples=100)])
    pictures = sum(len(found) for found in re.findall(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", page))
    assert len(page.encode()) - pictures <= 2_500_000
    reader = Reader(page)
    shown = {float(attributes["value"] or "nan") for tag, attributes in reader.elements if tag == "data"}
    wanted = numbers_of(make_results(arms=20, tasks=20))
    assert {where for where, value in wanted.items() if value not in shown} == set()


def test_two_runs_share_a_page_and_keep_their_ids_apart() -> None:
    page = render_report([make_input(), make_input(trained=False)], title="Two <runs>")
    reader = Reader(page)
    assert "Two <runs>" in reader.text
    ids = [attributes["id"] for _, attributes in reader.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    assert {"r0-verdict", "r1-verdict"} <= set(ids)


def test_a_run_with_nothing_in_it_still_makes_a_page() -> None:
    empty = dataclasses.replace(make_results(), arms=(), comparisons=(), complete=False, environment={})
    text = Reader(render_report([ReportInput(results=empty, records=no_records, samples=no_samples)])).text
    assert "This run has no arms." in text
    assert "not finished" in text


def test_the_same_run_gives_the_same_page(trained: str) -> None:
    assert render_report([make_input()]) == trained


def test_a_page_is_written_whole_or_not_at_all(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new" / "report.html"
    write_report(path, [make_input(trained=False)])
    assert path.read_text(encoding="utf-8").endswith("</html>\n") or path.read_text(encoding="utf-8").endswith(
        "</html>"
    )
    assert [item.name for item in path.parent.iterdir()] == ["report.html"]
    with pytest.raises(EnvironmentError_, match=r"cannot be (written|made)"):
        write_report(path / "below.html", [make_input(trained=False)])
    with pytest.raises(UsageError, match="at least one run"):
        write_report(path, [])
