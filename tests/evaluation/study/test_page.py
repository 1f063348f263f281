"""The page: whole, of one file, the same each time, and fit for a phone."""

import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from poetcore.evaluation.study.figures import perplexity_marks
from poetcore.evaluation.study.markup import number, percent, poem, small
from poetcore.evaluation.study.page import page_of
from poetcore.evaluation.study.record import Study, Verdict

_VOID = {"meta", "br", "link", "img", "path", "use", "image", "rect", "i"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Reader(HTMLParser):
    """Collects ids, addresses and text, and checks that tags are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        self._note(attributes)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._note(attributes)

    def _note(self, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "action", "data"):
                self.addresses.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def page(finished: tuple[Path, Study]) -> str:
    return (finished[0] / "study.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    reader = Reader(page)
    assert reader.open == []
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in reader.addresses)
    assert {address[1:] for address in reader.addresses if address.startswith("#")} <= set(reader.ids)
    assert "@import" not in page
    assert set(re.findall(r"url\(([^)]{1,2})", page)) == {"#p"}
    assert not re.search(r"https?://", page.replace("http://www.w3.org/", ""))
    assert "<script" not in page


def test_pictures_share_no_ids_and_have_the_pages_colours(page: str) -> None:
    reader = Reader(page)
    assert len(reader.ids) == len(set(reader.ids))
    assert "#0a0" not in page
    assert page.count('<svg class="map"') == 4
    assert page.count('role="img"') == 4 + 5
    for number_ in range(1, 6):
        assert f"--series-{number_}:" in page


def test_every_section_and_every_verdict_is_there(page: str, finished: tuple[Path, Study]) -> None:
    study = finished[1]
    text = " ".join(Reader(page).texts)
    for words in ("This is the quick run.", "Why not begin with zeros?", "Five optimisers", "Seven beginnings"):
        assert words in text
    for verdict in (*study.initialisation_verdicts, *study.optimiser_verdicts, *study.size_verdicts):
        assert verdict.text in text
    for arm in study.arms:
        assert f">{arm}</th>" in page
    assert study.corpus.fingerprint[:16] in text
    poems = "".join(Reader(page).texts)
    assert study.arms["adam"].poems["月"] is not None
    assert study.arms["adam"].poems["月"] in poems
    assert "月皎傍風送，山風照安思。" in poems


def test_the_same_figures_give_the_same_page(page: str, finished: tuple[Path, Study]) -> None:
    assert page_of(finished[1]) == page


def test_the_page_in_the_documents_is_what_its_figures_give() -> None:
    folder = Path(__file__).parents[3] / "docs" / "study"
    study = Study.model_validate_json((folder / "study.json").read_bytes())
    pictures = re.compile(r"<svg.*?</svg>", re.DOTALL)  # another matplotlib draws them otherwise
    committed = (folder / "study.html").read_text(encoding="utf-8")
    assert pictures.sub("", page_of(study)) == pictures.sub("", committed)


def test_a_setting_that_came_while_the_study_ran_is_no_difference(finished: tuple[Path, Study], page: str) -> None:
    centre = finished[1].arms["adam"]
    settings = {key: value for key, value in centre.settings.items() if key != "weight_drop"}
    arms = finished[1].arms | {"adam": centre.model_copy(update={"settings": settings})}
    differences = re.findall(r">length-10</th><td>([^<]*)</td>", page_of(finished[1].model_copy(update={"arms": arms})))
    assert differences == ["sequence_length 10"] == re.findall(r">length-10</th><td>([^<]*)</td>", page)


def test_a_whole_study_has_no_notice_and_an_empty_one_no_pictures_of_nothing(finished: tuple[Path, Study]) -> None:
    study = finished[1]
    assert "This is" not in page_of(study.model_copy(update={"cuts": (), "scale": "full"}))
    assert "This is a shortened run." in page_of(study.model_copy(update={"scale": "full"}))
    nothing: dict[str, Any] = {"rows": (), "best_epoch": None, "bits_per_hanzi": None, "losses": (), "poems": {}}
    arms = {name: arm.model_copy(update=nothing) for name, arm in study.arms.items()}
    empty = page_of(study.model_copy(update={"arms": arms, "initialisation": ()}))
    assert Reader(empty).open == []


def test_what_comes_from_outside_is_escaped(finished: tuple[Path, Study]) -> None:
    hostile = "<script>alert('&')</script>"
    verdict = Verdict(claim=hostile, outcome="open", text=hostile)
    machine = finished[1].machines[0].model_copy(update={"processor": hostile})
    arm = finished[1].arms["adam"].model_copy(update={"poems": {"月": hostile}})
    page = page_of(
        finished[1].model_copy(
            update={
                "optimiser_verdicts": (verdict,),
                "machines": (machine,),
                "arms": finished[1].arms | {"adam": arm},
                "cuts": (hostile,),
            }
        )
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5


def test_a_poem_stands_in_its_lines() -> None:
    shown = poem("月出，山高。。<水", "Adam")
    assert "<span>月出，</span><span>山高。。</span><span>&lt;水</span>" in shown
    assert "–" in poem(None, "Adam")


def test_numbers() -> None:
    assert [number(1234.56), number(1.5, 2), number(None)] == ["1,235", "1.50", "–"]
    assert [percent(0.1234), percent(0.1234, 1)] == ["12%", "12.3%"]
    assert [small(0.0), small(2e-7), small(0.5)] == ["0", "2.0e-07", "0.500"]


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (100, 300, [100, 120, 140, 160, 180, 200, 220, 250, 300]),
        (118, 228, [120, 140, 160, 180, 200, 220]),
        (90, 1_000, [100, 200, 300, 500, 1_000]),
        (50, 60_000, [100, 1_000, 10_000]),
    ],
)
def test_perplexity_axes_have_a_few_round_marks(low: float, high: float, marks: list[int]) -> None:
    assert perplexity_marks(low, high) == marks


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None and os.environ.get("YUEXIA_REQUIRE_BROWSER") != "1", reason="no Chromium found")
@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_the_page_fits_the_screen(finished: tuple[Path, Study], width: int, scheme: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        complaints: list[str] = []
        requests: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: requests.append(request.url.partition(":")[0]))
        page.goto((finished[0] / "study.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(251, 249, 244)" if scheme == "light" else "rgb(23, 21, 17)"
        )
        assert page.locator("figure svg[role=img]").count() == 9
        browser.close()
    assert complaints == []
    assert set(requests) <= {"file", "data"}
