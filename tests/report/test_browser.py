"""The page in a real browser: no errors, no requests, interactions, accessibility, three widths, scripts off."""

from __future__ import annotations

import pathlib
import shlex
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from argus_eval.report import write_report
from tests.report.fixtures import make_input
from tests.report.test_page import hostile_input

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    runs = {
        "trained": [make_input()],
        "random": [make_input(trained=False)],
        "hostile": [hostile_input()],
        "large": [make_input(arms=20, tasks=20, samples=40)],
        "two": [make_input(), make_input(trained=False)],
    }
    addresses = {}
    for name, inputs in runs.items():
        path: pathlib.Path = folder / f"{name}.html"
        write_report(path, inputs)
        addresses[name] = path.as_uri()
    return addresses


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield chromium
        chromium.close()


class Visit:
    """A page that is open, with everything it complained about and asked for."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **context)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)

    def drawn(self) -> None:
        self.page.wait_for_selector("[data-chart=pareto] .vega-embed svg", timeout=20_000)

    def outside(self) -> list[str]:
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]


@pytest.fixture
def visit(browser: Any, pages: dict[str, str]) -> Iterator[Any]:
    opened: list[Visit] = []

    def open_page(name: str, fragment: str = "", **context: Any) -> Visit:
        opened.append(Visit(browser, pages[name] + fragment, **context))
        return opened[-1]

    yield open_page
    for item in opened:
        item.context.close()


@pytest.mark.parametrize("name", ["trained", "random", "hostile", "large", "two"])
def test_no_complaint_and_no_request(visit, name: str) -> None:
    seen = visit(name)
    seen.drawn()
    assert seen.complaints == []
    assert seen.outside() == []


def test_another_axis_redraws_and_is_remembered(visit) -> None:
    seen = visit("trained")
    seen.drawn()
    seen.page.select_option("[data-axis=x]", label="peak memory")
    seen.page.wait_for_function("document.querySelector('[data-chart=pareto] svg').textContent.includes('GiB')")
    assert "x=3" in seen.page.evaluate("location.hash")
    again = visit("trained", seen.page.evaluate("location.hash"))
    again.drawn()
    assert "GiB" in again.page.text_content("[data-chart=pareto] svg")
    assert again.complaints == []


def test_findings_filter_sort_and_open(visit) -> None:
    seen = visit("trained")
    rows = ".findings-table tbody tr"
    everything = seen.page.locator(rows).count()
    seen.page.select_option("[data-filter=kind]", "gained")
    gained = seen.page.locator(rows).count()
    assert 0 < gained < everything
    assert set(seen.page.locator(f"{rows} .kind").all_text_contents()) == {"gained"}
    seen.page.click("th[data-sort=sample] button")
    assert seen.page.get_attribute("th[data-sort=sample]", "aria-sort") == "ascending"
    seen.page.click(f"{rows} >> nth=0 >> button")
    assert seen.page.locator("dialog[open]").count() == 1
    title = seen.page.text_content("#drawer-title")
    seen.page.keyboard.press("j")
    assert seen.page.text_content("#drawer-title") != title
    seen.page.keyboard.press("k")
    assert seen.page.text_content("#drawer-title") == title
    seen.page.keyboard.press("Escape")
    assert seen.page.locator("dialog[open]").count() == 0
    assert seen.complaints == []


def test_a_link_reopens_a_sample(visit) -> None:
    seen = visit("trained", "#?sample=2")
    seen.page.wait_for_selector("dialog[open] svg.picture rect.box.target")
    assert seen.page.locator("dialog svg.picture rect.box.predicted").count() >= 1


def test_the_drawer_gives_the_command_for_one_sample(visit) -> None:
    seen = visit("trained", "#?sample=2")
    seen.page.wait_for_selector("dialog[open] pre")
    words = shlex.split(seen.page.locator("dialog[open] pre").last.text_content())
    key = seen.page.text_content("#drawer-title").partition(" · ")[2]
    assert words[0] == "argus-eval"
    assert words[words.index("--sample") + 1] == key
    assert "[synthetic]" not in words[-3]


def test_a_cell_of_the_matrix_leads_to_its_samples(visit) -> None:
    seen = visit("trained")
    seen.page.click(".matrix tbody tr:last-child td:last-child button")
    assert seen.page.input_value("[data-filter=task]") == "textvqa[synthetic]"
    shown = seen.page.locator(".findings-table tbody tr th").all_text_contents()
    assert shown
    assert all(text.startswith("textvqa[synthetic]") for text in shown)


def test_a_point_of_the_chart_leads_to_its_arm(visit) -> None:
    seen = visit("trained")
    seen.drawn()
    seen.page.click("[data-chart=pareto] path[aria-label^='token-splice']")
    assert seen.page.input_value("[data-filter=arm]") == "1"
    arms = set(seen.page.locator(".findings-table tbody td:nth-child(3)").all_text_contents())
    assert arms == {"token-splice"}
    assert seen.complaints == []


def test_hostile_answers_are_shown_and_not_run(visit) -> None:
    seen = visit("hostile")
    seen.drawn()
    seen.page.click(".findings-table tbody tr >> nth=0 >> button")
    assert "alert(1)" in seen.page.text_content("dialog[open]")
    assert "cut: " in seen.page.text_content("dialog[open]")
    assert seen.page.locator("dialog img").count() == 0
    assert seen.complaints == []


@pytest.mark.parametrize("name", ["trained", "random", "large"])
@pytest.mark.parametrize("width", [390, 900, 1440])
def test_no_width_scrolls_sideways(visit, name: str, width: int) -> None:
    seen = visit(name)
    seen.page.set_viewport_size({"width": width, "height": 900})
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_reads_with_scripts_off(visit) -> None:
    seen = visit("trained", java_script_enabled=False)
    assert seen.page.locator("[data-chart=pareto] svg.marks").count() == 1
    assert seen.page.locator(".findings-table tbody tr").count() > 10
    assert seen.page.locator(".gallery rect.box.target").count() > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("fragment", ["", "#?sample=1"])
def test_accessibility(visit, scheme: str, fragment: str) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    script = next(pathlib.Path(axe.__file__).parent.glob("axe*.js")).read_text(encoding="utf-8")
    seen = visit("trained", fragment, color_scheme=scheme, bypass_csp=True)
    seen.drawn()
    seen.page.evaluate(script)
    found = seen.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(item["id"], item["nodes"][0]["html"][:120]) for item in found] == []
