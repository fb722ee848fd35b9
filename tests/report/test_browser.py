"""The report as it is seen: in a real browser, from disk, on a desk and on a phone."""

import json

import pytest

from ravine.pictures.colors import COLORS, PAPER
from ravine.report import write

from .cases import EIGHT, HOSTILE, YOURS
from .opened import CONTRAST, PHONE, Opened, rgb
from .study import MadeUp

STUDY = MadeUp((*EIGHT, YOURS, HOSTILE))
DRAWN = "document.querySelectorAll('.drawing').length === document.querySelectorAll('.drawing.drawn').length"
KEYS = ["pairs", "curves", "tuning", "effort", "gap", "parts", "members", "reliability", "rates"]


class Report(Opened):
    """A report, once all its pictures are drawn."""

    def __init__(self, browser, path, **options) -> None:
        super().__init__(browser, path, **options)
        self.page.wait_for_function(DRAWN)

    def figure(self, key: str) -> dict:
        """What plotly has drawn, by its own account."""
        element = f"document.querySelector('.drawing[data-plate={key}]')"
        return json.loads(self.page.evaluate(f"JSON.stringify({{data: {element}.data, layout: {element}.layout}})"))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(STUDY, tmp_path_factory.mktemp("report") / "a report with spaces & more.html")


@pytest.fixture(scope="module")
def desk(browser, path):
    seen = Report(browser, path)
    yield seen
    seen.context.close()


@pytest.fixture(scope="module")
def phone(browser, path):
    seen = Report(browser, path, **PHONE)
    yield seen
    seen.context.close()


@pytest.fixture(params=["desk", "phone"])
def either(request):
    return request.getfixturevalue(request.param)


def test_the_browser_has_nothing_to_complain_of(either):
    assert either.heard == []


def test_only_the_file_itself_is_asked_for(either, path):
    assert either.asked == [path.as_uri()]


def test_every_picture_is_drawn(either):
    keys = either.page.evaluate("[...document.querySelectorAll('.drawing')].map(d => d.dataset.plate)")
    assert keys == KEYS
    for key in keys:
        box = either.page.locator(f".drawing[data-plate={key}] svg.main-svg").first.bounding_box()
        assert box["width"] > 300
        assert box["height"] > 150
        visible = [trace for trace in either.figure(key)["data"] if trace.get("visible", True)]
        shapes = either.page.locator(f".drawing[data-plate={key}] :is(.scatterlayer, .barlayer) .trace").count()
        assert shapes == len(visible) > 0


def test_the_page_is_no_wider_than_its_window(either):
    assert beyond_the_window(either) == []


def test_many_methods_with_long_names_fit_a_narrow_phone(browser, tmp_path):
    names = ["Adam(lr=log(0.0001, 0.1), beta1=0.95)", "mine.py:" + "AVeryLongNameWithoutASpace" * 3, "c", "d", "e", "f"]
    study = MadeUp((*EIGHT, *(EIGHT[6]._replace(name=name) for name in names)))
    seen = Report(browser, write(study, tmp_path / "report.html"), viewport={"width": 320, "height": 700})
    beyond = beyond_the_window(seen)
    seen.context.close()
    assert beyond == []


def beyond_the_window(seen: Report) -> list[str]:
    """What stands beyond the right edge of the window, outside of what can be scrolled by itself."""
    width = seen.page.viewport_size["width"]
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    beyond = """(width) => [...document.querySelectorAll('main *, header *')]
        .filter(e => e.getBoundingClientRect().right > width + 1 && e.getBoundingClientRect().width > 1)
        .filter(e => !e.closest('.scroll, .columns > div, .matrices > div, pre, .legend, svg, .unseen'))
        .map(e => e.outerHTML.slice(0, 90))"""
    return seen.page.evaluate(beyond, width)


def test_all_words_are_large_enough_to_read(either):
    small = """() => [...document.querySelectorAll('body *')]
        .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
        .filter(e => !e.closest('math, script, noscript, .unseen') && e.getClientRects().length)
        .filter(e => parseFloat(getComputedStyle(e).fontSize) < 12)
        .map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"""
    assert either.page.evaluate(small) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_stand_out_from_their_paper(desk, scheme):
    desk.page.emulate_media(color_scheme=scheme)
    desk.page.wait_for_function(f"getComputedStyle(document.body).backgroundColor === '{rgb(PAPER[scheme])}'")
    desk.page.wait_for_timeout(500)
    faint = desk.page.evaluate(CONTRAST)
    desk.page.emulate_media(color_scheme="light")
    assert faint == []


def test_dark_paper_has_the_dark_colors(browser, path):
    seen = Report(browser, path, color_scheme="dark")
    drawn = json.dumps([seen.figure(key) for key in KEYS])
    seen.context.close()
    assert seen.heard == []
    assert COLORS["red"].dark in drawn
    assert not [color.light for color in COLORS.values() if color.light in drawn]


def test_names_are_words_and_nothing_else(desk):
    name = HOSTILE.name
    assert desk.page.locator(".board .name", has_text=name).count() == 1
    assert desk.page.locator(".chip .name").all_inner_texts()[-1] == name
    labels = desk.page.locator(".drawing[data-plate=gap] .yaxislayer-above text, .drawing[data-plate=gap] .ytick text")
    assert f"{name[:15]}…" in labels.all_text_contents()
    assert desk.page.locator("main script").count() == 0


def test_a_planted_script_does_not_run(desk):
    desk.page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.planted = true';
        document.body.append(script);
    }""")
    assert desk.page.evaluate("window.planted === undefined")
    refusals = [line for line in desk.heard if "Content Security Policy" in line]
    assert len(refusals) == 1
    desk.heard.remove(refusals[0])


def test_switches_change_the_picture(desk):
    def heading() -> str:
        return desk.figure("curves")["layout"]["title"]["text"]

    assert heading() == "accuracy, higher is better"
    desk.page.locator(".switch[data-plate=curves] label", has_text="log loss").click()
    desk.page.locator(".switch[data-plate=curves] label", has_text="by evaluation").click()
    desk.page.wait_for_function(DRAWN)
    assert heading() == "log loss, lower is better"
    assert desk.figure("curves")["layout"]["xaxis"]["title"]["text"] == "gradient evaluations"
    desk.page.locator(".switch[data-plate=curves] label", has_text="accuracy").click()
    desk.page.locator(".switch[data-plate=curves] label", has_text="by epoch").click()
    assert heading() == "accuracy, higher is better"


def test_the_legend_dims_all_methods_but_those_picked(desk):
    chip = desk.page.locator(".chip", has_text="nesterov")
    chip.click()
    desk.page.wait_for_function(DRAWN)
    for key in ("curves", "effort", "gap", "parts"):
        for trace in desk.figure(key)["data"]:
            picked = trace["meta"]["method"] == "nesterov"
            assert trace["visible"] == picked if "band" in trace["meta"] else (trace["opacity"] == 1) == picked
    assert chip.get_attribute("aria-pressed") == "true"
    chip.click()
    assert {trace["opacity"] for trace in desk.figure("curves")["data"] if "band" not in trace["meta"]} == {1}


def test_tabs_are_reached_and_turned_by_keyboard(desk):
    tabs, panels = desk.page.get_by_role("tab"), desk.page.locator("[role=tabpanel]")
    tabs.first.focus()
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "End", "Home"):
        desk.page.keyboard.press(key)
        seen.append([panel.is_visible() for panel in panels.all()].index(True))
        assert [panel.is_visible() for panel in panels.all()].count(True) == 1
        assert tabs.nth(seen[-1]).evaluate("tab => tab === document.activeElement")
    assert seen == [1, 2, 0, 2, 0]


def test_code_is_copied_as_it_is_written(desk):
    desk.page.get_by_role("tab").first.click()
    desk.page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    desk.page.locator("#panel-ravine .copy").click()
    assert desk.page.evaluate("window.copied") == STUDY.train_this_way()["ravine"].strip("\n")
    assert desk.page.locator("#panel-ravine .copy").inner_text() == "Copied"


def test_panels_stand_side_by_side_where_there_is_room(desk, phone):
    def columns(seen: Report) -> int:
        layout = seen.figure("tuning")["layout"]
        return len({tuple(axis["domain"]) for name, axis in layout.items() if name.startswith("xaxis")})

    assert (columns(desk), columns(phone)) == (4, 1)


def test_on_paper_everything_is_shown_and_nothing_to_press(desk):
    desk.page.emulate_media(media="print")
    assert not desk.page.locator(".chip, .copy, .switch, nav").filter(visible=True).count()
    assert all(panel.is_visible() for panel in desk.page.locator("[role=tabpanel]").all())
    desk.page.emulate_media(media="screen")
