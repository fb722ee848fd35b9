"""The page of a scene as it is seen: in a real browser, from disk, on a desk and on a phone."""

import json

import pytest

from ravine.functions import Surface
from ravine.pictures.colors import COLORS
from ravine.report.watch_page import write_scene
from ravine.watch import watch

from .opened import PHONE, Opened, rgb

METHODS = ["sgd", "newton", "SGD(lr=0.1)", "</script><b>&'\" = Adam(lr=0.1)", f"{'long' * 12} = Adam(lr=0.2)"]
SCENE = watch("rosenbrock", METHODS, steps=80)
PERFORMANCE = ("Canvas2D: Multiple readback", "GPU stall due to ReadPixels")
"""What a browser without a graphics card says of any picture in space; no word of an error."""


class Watched(Opened):
    """The page of a scene, once it is drawn."""

    def __init__(self, browser, path, **options) -> None:
        super().__init__(browser, path, **options)
        self.page.wait_for_selector("#space.drawn")

    def points(self, k: int = 0, kind: str = "walk") -> int:
        """How many points of a method's line are drawn."""
        return len((self.page.locator(f".{kind}.m{k}").get_attribute("points") or "").split())

    def slide(self, share: float) -> None:
        """Moves the slider to a share of its length."""
        self.page.evaluate(
            """(share) => {
                const slider = document.getElementById('time');
                slider.value = Math.round(share * slider.max);
                slider.dispatchEvent(new Event('input'));
            }""",
            share,
        )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_scene(SCENE, tmp_path_factory.mktemp("watch") / "a scene & more.html")


@pytest.fixture(scope="module")
def desk(browser, path):
    seen = Watched(browser, path)
    yield seen
    seen.context.close()


@pytest.fixture(scope="module")
def phone(browser, path):
    seen = Watched(browser, path, **PHONE)
    yield seen
    seen.context.close()


@pytest.fixture(params=["desk", "phone"])
def either(request):
    seen = request.getfixturevalue(request.param)
    seen.slide(1.0)
    return seen


def test_the_browser_has_nothing_to_complain_of(either):
    assert [said for said in either.heard if not any(known in said for known in PERFORMANCE)] == []


def test_only_the_file_itself_is_asked_for(either, path):
    assert [url for url in either.asked if not url.startswith(("data:", "blob:"))] == [path.as_uri()]


def test_it_begins_with_the_whole_courses(either):
    for k, course in enumerate(SCENE.courses):
        assert either.points(k) == len(course.points)
        assert either.points(k, "curve") == len(course.points)
    assert either.page.inner_text("#now") == "evaluation 80 of 80"


def test_the_page_is_no_wider_than_its_window(either):
    width = either.page.viewport_size["width"]
    assert either.page.evaluate("document.documentElement.scrollWidth") == width
    beyond = """(width) => [...document.querySelectorAll('main *, header *')]
        .filter(e => e.getBoundingClientRect().right > width + 1 && e.getBoundingClientRect().width > 1)
        .filter(e => !e.closest('svg, h1, .unseen'))
        .map(e => e.outerHTML.slice(0, 90))"""
    assert either.page.evaluate(beyond, width) == []


def test_the_trajectories_grow_when_it_plays(desk):
    desk.slide(0)
    assert [desk.points(k) for k in range(len(METHODS))] == [1] * len(METHODS)
    desk.page.click("#play")
    assert desk.page.inner_text("#play") == "Pause"
    desk.page.wait_for_function("() => document.querySelector('.walk.m0').getAttribute('points').split(' ').length > 5")
    some = desk.points()
    desk.page.wait_for_function(
        f"() => document.querySelector('.walk.m0').getAttribute('points').split(' ').length > {some}"
    )
    desk.page.click("#play")
    assert desk.page.inner_text("#play") == "Play"
    held = desk.points()
    desk.page.wait_for_timeout(200)
    assert held == desk.points() < 81


def test_it_plays_to_its_end_and_from_there_anew(desk):
    desk.slide(0.97)
    desk.page.click("#play")
    desk.page.wait_for_function("() => document.getElementById('play').textContent === 'Play'")
    assert desk.points() == 81
    desk.page.click("#play")
    desk.page.wait_for_function(
        "() => document.querySelector('.walk.m0').getAttribute('points').split(' ').length < 40"
    )
    desk.page.click("#play")


def test_it_is_played_by_keyboard(desk):
    desk.slide(0.5)
    desk.page.focus("#time")
    before = desk.page.inner_text("#now")
    for _ in range(20):
        desk.page.keyboard.press("ArrowRight")
    assert desk.page.inner_text("#now") != before
    desk.page.focus("#play")
    desk.page.keyboard.press("Enter")
    assert desk.page.inner_text("#play") == "Pause"
    desk.page.keyboard.press("Enter")


def test_the_table_says_where_each_method_stands(desk):
    desk.slide(1.0)
    rows = desk.page.locator(".courses tbody tr")
    cells = [rows.nth(k).locator("td").all_inner_texts() for k in range(len(METHODS))]
    names = rows.locator(".name").all_inner_texts()
    assert names == [course.method.name for course in SCENE.courses]
    newton = SCENE.courses[1]
    assert cells[1] == ["–", f"{newton.values[-1]:.3g}", str(newton.evaluations[-1])]
    assert cells[2][:2] == ["0.1, given", "diverged"]
    assert cells[0][0] == f"{SCENE.courses[0].lr:.3g}"
    desk.slide(0.0)
    assert [row.split("\t")[-2] for row in rows.all_inner_texts()] == ["24.2"] * len(METHODS)


def test_courses_in_space_grow_too(desk):
    lengths = "document.getElementById('space')._fullData.filter(t => t.mode === 'lines').map(t => t.x.length)"
    heads = "document.getElementById('space')._fullData.filter(t => t.mode === 'markers').map(t => [t.x[0], t.y[0]])"
    whole = desk.page.evaluate(
        "document.getElementById('space')._fullData.filter(t => t.mode === 'lines').map(t => t.meta.reached)"
    )
    for share, spent in ((0.3, SCENE.steps * 0.3**1.5), (1.0, SCENE.steps)):
        counts = [int((course.evaluations <= spent).sum()) for course in SCENE.courses]
        told = json.dumps([each[k - 1] for each, k in zip(whole, counts, strict=True)], separators=(",", ":"))
        desk.slide(share)
        desk.page.wait_for_function(f"() => JSON.stringify({lengths}) === '{told}'")
        for course, count, head in zip(SCENE.courses, counts, desk.page.evaluate(heads), strict=True):
            if course.outcome == "finished":
                assert head == pytest.approx(course.points[count - 1].tolist(), abs=1e-4)


EDGES = """async () => {
    const image = new Image();
    image.src = document.querySelector('#space canvas').toDataURL();
    await image.decode();
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [image.width, image.height];
    const brush = copy.getContext('2d');
    brush.drawImage(image, 0, 0);
    const inked = (...box) => brush.getImageData(...box).data.some((value, k) => k % 4 === 3 && value > 40);
    const [w, h] = [image.width, image.height];
    return [inked(0, 0, 2, h), inked(w - 2, 0, 2, h), inked(0, 0, w, 2), inked(0, h - 2, w, 2), inked(0, 0, w, h)];
}"""


def test_nothing_in_space_is_cut_by_the_edges(either):
    shot = "() => Plotly.toImage(document.getElementById('space'), {format: 'png'})"
    source = either.page.evaluate(shot)
    script = EDGES.replace("document.querySelector('#space canvas').toDataURL()", json.dumps(source))
    assert either.page.evaluate(script) == [False, False, False, False, True]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_methods_have_their_color_on_either_paper(browser, path, scheme):
    seen = Watched(browser, path, color_scheme=scheme)
    drawn = seen.page.evaluate("getComputedStyle(document.querySelector('.walk.m1')).stroke")
    paper = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    in_space = seen.page.evaluate("document.getElementById('space')._fullData.at(-2).line.color")
    seen.context.close()
    color = getattr(COLORS["brown"], scheme)
    assert drawn == rgb(color)
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    assert in_space in {getattr(each, scheme) for each in COLORS.values()}


def test_the_map_has_the_dashes_of_the_legend_and_larger_marks_under_the_ends(browser, tmp_path):
    scene = watch("himmelblau", "Newton(safeguard=None),newton,SGD(lr=0.01)", start=(-1, 2), steps=60)
    seen = Watched(browser, write_scene(scene, tmp_path / "x.html"))
    dashes = "[...document.querySelectorAll('.walk, .curve')].map(e => getComputedStyle(e).strokeDasharray)"
    wide = "[...document.querySelectorAll('#map .saddle')].map(e => e.getBoundingClientRect().width)"
    drawn, widths = seen.page.evaluate(dashes), sorted(seen.page.evaluate(wide))
    seen.context.close()
    assert drawn[:3] == drawn[3:] == ["2px, 3px", "8px, 3px", "none"]
    assert widths[-1] > 1.5 * widths[-2]
    assert widths[-2] < 1.1 * widths[0]


class Hostile(Surface):
    title = "</title><script>alert(1)</script>"
    formula = r"x^2 + y^2 </math><script>alert(2)</script>"

    def value(self, x, y):
        return x**2 + y**2


def test_no_name_becomes_a_script(browser, tmp_path):
    path = write_scene(watch(Hostile(), "newton", steps=9), tmp_path / "x.html")
    dialogs = []
    seen = Watched(browser, path)
    seen.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    seen.page.wait_for_timeout(100)
    heard, title = seen.heard, seen.page.title()
    seen.context.close()
    assert dialogs == []
    assert [said for said in heard if not any(known in said for known in PERFORMANCE)] == []
    assert title.startswith("</title>")


def test_a_surface_without_minima_and_a_course_that_leaves_it_can_be_seen(browser, tmp_path):
    path = write_scene(watch("monkey_saddle", "sgd,newton,adam", lr=0.05, steps=300), tmp_path / "x.html")
    seen = Watched(browser, path, **PHONE)
    values = seen.page.locator(".courses .value").all_inner_texts()
    errors = [said for said in seen.heard if said.startswith("error")]
    seen.context.close()
    assert "left the box" in values
    assert errors == []


def test_the_end_of_a_line_that_fell_out_of_the_chart_is_marked_on_its_edge(browser, tmp_path):
    path = write_scene(watch("monkey_saddle", "newton_cg,newton", steps=60), tmp_path / "x.html")
    seen = Watched(browser, path)
    head = "[...document.querySelectorAll('#curves .head')].map(h => [h.classList.contains('falls'), h.dataset.track])"
    y = "+document.querySelector('#curves .head.m0').getAttribute('transform').match(/,([\\d.]+)\\)/)[1]"
    edge = "+document.querySelector('#curves .frame').getAttribute('y1')"
    clear = """(() => {
        const mark = document.querySelector('#curves .falls .lower').getBoundingClientRect();
        return [...document.querySelectorAll('#curves text')].map(t => t.getBoundingClientRect())
            .every(t => t.bottom < mark.top || t.top > mark.bottom - 1);
    })()"""
    ended = seen.page.evaluate(head), seen.page.evaluate(y) - seen.page.evaluate(edge), seen.page.evaluate(clear)
    seen.slide(0)
    begun = seen.page.evaluate(head), seen.page.evaluate(y) < seen.page.evaluate(edge)
    seen.context.close()
    assert ended == ([[True, "0"], [False, "1"]], 0, True)
    assert begun == ([[False, "0"], [False, "1"]], True)
