"""The playground as it is used: in a real browser, from disk, by mouse, by finger and by keyboard alone."""

import base64
import io
import itertools
import json
import time

import numpy as np
import pytest
from PIL import Image
from scipy.stats import rankdata

from ravine.functions import SURFACES
from ravine.pictures import colors
from ravine.pictures.colors import PAPER, looks
from ravine.report import playground
from ravine.rules import METHODS
from ravine.watch import draw_starts, read_ground, read_methods, tune, watch

from .opened import CONTRAST, PHONE, Opened, rgb

TEN = list(METHODS)[:10]
ALL_SET = (
    "#surface=himmelblau&start=-1.25,0.5&steps=500&at=37&noise=0.25&seed=3&speed=100&step=look-ahead+nesterov"
    "&methods=momentum(lr=0.01,momentum=0.5);adam(lr=0.3,beta2=0.99,eps=0.001);look-ahead+nesterov(lr=1e-7)"
)
EVERYONE = "#methods=" + ";".join(f"{name.replace(' ', '+')}()" for name in playground.methods())
HOSTILE = "<img src=x onerror=alert(1)>"


class Playground(Opened):
    """The playground, and what its own scripts know."""

    def know(self, expression: str):
        """What an expression of the page's own scripts is worth, once what was last asked for is drawn."""
        self.until("asked === 0 || playing")
        return json.loads(self.page.evaluate(f"JSON.stringify({expression})"))

    def until(self, condition: str) -> None:
        """Waits for a condition; Playwright's own waiting evaluates a text in the page, which it forbids."""
        deadline = time.monotonic() + 10
        while not self.page.evaluate(condition):
            assert time.monotonic() < deadline, condition
            self.page.wait_for_timeout(20)

    def course(self, method: str) -> dict:
        """Where a method stood, and how high that was."""
        found = f"shown.find(({{ method }}) => method.name === '{method}').course"
        return self.know(
            f"(({{ points, values, ...more }}) => ({{ points: [...points], values: [...values], ...more }}))({found})"
        )

    def link(self) -> str:
        """The part of the address behind its #, once it is written."""
        self.until("location.hash === '#' + linkOf(state)")
        return self.page.evaluate("location.hash")

    def drawn(self) -> str:
        """What is seen of the courses."""
        return self.know("find('tracks').toDataURL()")

    def pixels(self, canvas: str) -> np.ndarray:
        """What is seen on a canvas: red, green, blue and opacity [height, width, 4]."""
        picture = self.know(f"find('{canvas}').toDataURL()").partition(",")[2]
        return np.array(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGBA")).astype(int)

    def inked(self, canvas: str, color: str) -> np.ndarray:
        """Where a canvas has about a color [height, width]."""
        wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)] + [255])
        return np.abs(self.pixels(canvas) - wanted).max(-1) < 24

    def drag(self, x: float, y: float) -> None:
        """Drags the start."""
        box = self.page.locator("#handle").bounding_box()
        at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(*at)
        self.page.mouse.down()
        self.page.mouse.move(at[0] + x / 2, at[1] + y / 2)
        self.page.mouse.move(at[0] + x, at[1] + y)
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        """Presses keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return playground.write(tmp_path_factory.mktemp("playground") / "a page with spaces & more.html")


@pytest.fixture(scope="module")
def kept(browser, path):
    """One page for all who need no window of their own."""
    seen = Playground(browser, path)
    yield seen
    seen.context.close()


@pytest.fixture
def at(browser, path, kept):
    """Opens the page at an address; at the end nothing was complained of, and nothing was asked of any network."""
    opened = [kept]

    def act(address: str = "", fresh: bool = False, **options) -> Playground:
        if fresh or options:
            opened.append(Playground(browser, path, address, **options))
            return opened[-1]
        kept.page.evaluate("text => { restore(text); document.activeElement.blur(); scrollTo(0, 0); }", address)
        return kept

    yield act
    heard = [line for each in opened for line in each.heard]
    asked = {url for each in opened for url in each.asked}
    for each in opened[1:]:
        each.context.close()
    assert heard == []
    assert asked == {path.as_uri()}


@pytest.fixture
def desk(at):
    return at()


def test_the_page_is_small_and_names_its_one_script(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.encode()) < 300_000
    assert text.count("<script>") == text.count("</script>") == 1
    assert "eval(" not in text
    assert "innerHTML" not in text


@pytest.mark.parametrize("name", ["ravine", "opening_valley", "styblinski_tang"])
def test_every_course_is_the_one_that_the_rule_takes(at, name):
    """Against the population engine of `watch`, which steps the rules with tensors in float64."""
    rates = {
        "sgd": 1e-3,
        "momentum": 1e-3,
        "nesterov": 1e-3,
        "adagrad": 0.1,
        "adam": 0.05,
        "rmsprop": 0.01,
        "lion": 1e-3,
    }
    players = ";".join(f"{method}(lr={lr})" for method, lr in rates.items())
    seen = at(f"#surface={name}&steps=200&methods={players};look-ahead+nesterov(lr=0.001);sam(lr=0.001)")
    elsewhere = {"look-ahead nesterov": "Nesterov(lr=0.001, form='look-ahead')", "sam": "SAM(SGD(lr=0.001))"}
    typed = {method: f"{METHODS[method].__name__}(lr={lr})" for method, lr in rates.items()} | elsewhere
    scene = watch(name, list(typed.values()), steps=200)
    for method, course in zip(typed, scene.courses, strict=True):
        found = np.array(seen.course(method)["points"]).reshape(-1, 2)
        assert len(found) == len(course.points)
        np.testing.assert_allclose(found, course.points, rtol=1e-12, atol=1e-12 * np.abs(course.points).max())


@pytest.mark.parametrize("method", ["sgd", "momentum", "adam", "rmsprop"])
def test_lr_is_tuned_to_what_watch_finds(at, method):
    for name in ("ravine", "rosenbrock"):
        ground = read_ground(name)
        starts = draw_starts(ground, ground.surface.start, 0)
        found = tune(ground, read_methods(method), starts, 200).lr
        seen = at(f"#surface={name}&methods={method}()")
        assert seen.know(f"state.fields.{method}.lr") == found


def test_ranks_share_the_mean_of_their_places(desk):
    keys = [3.0, 1.0, 1.0, 1e300, 2.0, 1e300, 1e300, 0.5]
    assert (
        desk.know(f"ranks({[key if key < 1e300 else 'Infinity' for key in keys]})".replace("'", ""))
        == rankdata(keys).tolist()
    )


def test_numbers_have_three_digits_and_are_numbers(desk):
    texts = desk.know("[0.00114, -1234.5, 3e-7, 0, 1e21, NaN, Infinity].map(short)")
    assert texts == ["0.00114", "\N{MINUS SIGN}1230", "3e\N{MINUS SIGN}7", "0", "1e21", "\N{EN DASH}", "\N{EN DASH}"]


def test_dragging_the_start_moves_every_course(desk):
    before, picture = desk.course("adam"), desk.drawn()
    desk.drag(-120, 60)
    after = desk.course("adam")
    assert desk.know("state.start")[0] < 0.9
    assert after["points"][:2] == desk.know("state.start")
    assert after["points"] != before["points"]
    assert desk.drawn() != picture
    assert "start=" + ",".join(map(str, desk.know("state.start"))) in desk.link().replace("%2C", ",")


def test_a_finger_drags_it_too_and_does_not_scroll(at):
    phone = at(**PHONE)
    before = phone.course("sgd")["points"]
    box = phone.page.locator("#handle").bounding_box()
    x, y = box["x"] + 22, box["y"] + 22
    finger = phone.context.new_cdp_session(phone.page)
    for kind, points in (("Start", [(x, y)]), ("Move", [(x - 20, y - 30)]), ("Move", [(x - 40, y - 60)]), ("End", [])):
        touches = [{"x": a, "y": b} for a, b in points]
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches})
    assert phone.course("sgd")["points"] != before
    assert phone.page.evaluate("scrollY") == 0


def test_the_start_stays_in_the_box(desk):
    desk.drag(3000, -3000)
    assert desk.know("state.start") == [1.5, 1.5]


def test_a_slider_moves_its_method_and_no_other(desk):
    adam, sgd = desk.course("adam"), desk.course("sgd")
    desk.page.locator("article[data-method=adam] [data-field=beta1] input[type=range]").fill("0.3")
    assert desk.know("state.fields.adam.beta1") == pytest.approx(1 - 10**-0.3, abs=1e-3)
    assert desk.course("adam")["points"] != adam["points"]
    assert desk.course("sgd")["points"] == sgd["points"]


def test_a_number_is_typed_beside_its_slider_and_refused_where_it_does_not_fit(desk):
    box = desk.page.locator("article[data-method=momentum] [data-field=momentum] input[type=text]")
    box.fill("0.5")
    assert desk.know("state.fields.momentum.momentum") == 0.5
    course = desk.course("momentum")
    for wrong in ("1.5", "1", "-0.1", "many", "", "NaN", "Infinity"):
        box.fill(wrong)
        assert "momentum" in desk.page.locator("#notice").inner_text()
        assert box.get_attribute("aria-invalid") == "true"
    assert desk.course("momentum") == course
    box.blur()
    assert box.input_value() == "0.5"


def test_noise_meets_all_methods_alike_and_its_seed_changes_it(desk):
    quiet = desk.course("sgd")["points"]
    desk.page.locator("#noise input[type=text]").fill("0.5")
    noisy = desk.course("sgd")["points"]
    desk.page.get_by_role("button", name="Other noise").click()
    other = desk.course("sgd")["points"]
    assert quiet != noisy != other
    lr = desk.know("[state.fields.sgd.lr, state.fields.momentum.lr]")
    calm = [np.array([1.0, 1.0]) * (1 - rate * np.array([1.0, 100.0])) for rate in lr]
    jumps = [
        (np.array(desk.course(name)["points"][2:4]) - mean) / rate
        for name, mean, rate in zip(("sgd", "momentum"), calm, lr, strict=True)
    ]
    np.testing.assert_allclose(*jumps, rtol=1e-9)


def test_playing_spends_evaluations_and_pausing_stops_it(desk):
    desk.page.get_by_role("button", name="Restart").click()
    assert desk.know("Math.floor(state.at)") == 0
    still = desk.drawn()
    desk.page.get_by_role("button", name="Play").click()
    desk.until("state.at > 5")
    assert desk.drawn() != still
    desk.page.get_by_role("button", name="Pause").click()
    stopped = desk.know("state.at")
    desk.page.wait_for_timeout(150)
    assert desk.know("state.at") == stopped == int(stopped)
    assert desk.page.locator("#clock").inner_text() == f"{stopped} of 200"


def test_play_ends_by_itself_and_begins_anew(at):
    seen = at("#steps=50&speed=400&methods=sgd()")
    seen.page.get_by_role("button", name="Play").click()
    seen.until("!playing && state.at === 50")
    assert "at=50" in seen.link()


def test_a_step_shows_its_anatomy(desk):
    desk.page.get_by_role("button", name="Restart").click()
    desk.page.get_by_label("Method whose step is shown").select_option("momentum")
    desk.press("Escape")
    before = desk.know("find('lens').toDataURL()")
    for _ in range(2):
        desk.page.get_by_role("button", name="Step").click()
    assert desk.know("state.at") == 2
    lr = desk.know("state.fields.momentum.lr")
    curvature = np.array([1.0, 100.0])
    first = np.array([1.0, 1.0]) * (1 - lr * curvature)
    g = curvature * first
    v = 0.9 * curvature + g
    seen = desk.know("anatomy(methodOf('momentum').rule, state.fields.momentum, world(), state.start, 2)")
    np.testing.assert_allclose(list(seen["from"].values()), first, rtol=1e-12)
    np.testing.assert_allclose(list(seen["taken"][0]["g"].values()), g, rtol=1e-12)
    np.testing.assert_allclose(list(seen["state"]["v"].values()), v, rtol=1e-12)
    np.testing.assert_allclose(list(seen["to"].values()), first - lr * v, rtol=1e-12)
    rows = [row.split()[0] for row in desk.page.locator("#words .row").all_inner_texts()]
    assert rows == ["gradient", "velocity", "step", "height"]
    assert desk.know("find('lens').toDataURL()") != before


def test_a_step_of_two_gradients_costs_two_evaluations(at):
    seen = at("#at=0&step=sam&methods=sgd();sam()")
    seen.press("s")
    assert seen.know("state.at") == 2
    assert seen.know("shown.map(({ course }) => reachedBy(course, state.at) - 1)") == [2, 1]
    assert "taken at" in seen.page.locator("#words").inner_text()


def test_the_page_is_used_by_keyboard_alone(at):
    desk = at(fresh=True)
    desk.press("r")
    desk.press("s", "ArrowRight", "S")
    assert desk.know("state.at") == 3
    desk.press(" ")
    desk.until("playing && state.at > 4")
    desk.press(" ")
    assert not desk.know("playing")
    reached = []
    for _ in range(80):
        desk.press("Tab")
        reached.append(desk.page.evaluate("document.activeElement.id || document.activeElement.value"))
    for control in (
        "surface",
        "handle",
        "play",
        "step",
        "restart",
        "at",
        "chosen",
        "rmsprop",
        "tune",
        "same",
        "budget",
    ):
        assert control in reached
    desk.page.locator("#handle").focus()
    begun = desk.know("state.start")
    desk.press("ArrowLeft", "ArrowLeft", "ArrowDown", "Shift+ArrowUp")
    moved = np.array(desk.know("state.start")) - begun
    np.testing.assert_allclose(moved, [-0.06, 0.27], atol=1e-6)
    assert desk.know("state.at") < 200
    assert "0.94, 1.27" in desk.page.locator("#handle").get_attribute("aria-label")


def test_what_has_the_focus_is_seen(at):
    desk = at(fresh=True)
    bare = """() => {
        const e = document.activeElement;
        const drawn = [e, e.closest('label') ?? e].map(each => getComputedStyle(each));
        const isBare = drawn.every(style => style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2);
        return isBare ? e.outerHTML : null;
    }"""
    for _ in range(60):
        desk.press("Tab")
        if desk.page.evaluate("document.activeElement !== document.body"):
            assert desk.page.evaluate(bare) is None


def test_ticking_adds_a_course_and_unticking_takes_it_away(desk):
    names = "shown.map(({ method }) => method.name)"
    desk.page.locator(".tick input[value=rmsprop]").check()
    assert desk.know(names) == ["sgd", "momentum", "nesterov", "rmsprop", "adam"]
    desk.page.locator(".tick input[value=adam]").uncheck()
    assert desk.know(names) == ["sgd", "momentum", "nesterov", "rmsprop"]
    for name in ("sgd", "momentum", "nesterov", "rmsprop"):
        desk.page.locator(f".tick input[value={name}]").uncheck()
    assert desk.know(names) == []
    assert "#surface" in desk.link()
    assert desk.page.locator("article").filter(visible=True).count() == 0


def test_on_every_surface_every_method_gets_on_at_its_tuned_lr(at):
    names = list(playground.methods())
    seen = at(EVERYONE)
    ends = "shown.map(({ course }) => [course.outcome, course.values[0], course.values[course.count - 1]])"
    for surface in SURFACES:
        seen.page.locator("#surface").select_option(surface)
        for name, (outcome, begin, end) in zip(names, seen.know(ends), strict=True):
            allowed = {"finished", "left"} if surface == "monkey_saddle" else {"finished"}  # which falls without end
            assert outcome in allowed, (surface, name)
            assert end <= begin or name == "sam", (surface, name)  # SAM looks for flat ground, not only for low
        assert "NaN" not in seen.page.locator("body").inner_text()


def test_one_lr_for_all_is_called_unfair(desk):
    desk.page.get_by_label("Same lr for all").check()
    assert "Unfair" in desk.page.locator("#fairness").inner_text()
    desk.page.get_by_label("lr for all").and_(desk.page.locator("[type=text]")).fill("0.001")
    first = [1 - 0.001 * 1.0, 1 - 0.001 * 100.0]
    np.testing.assert_allclose(desk.course("sgd")["points"][2:4], first, rtol=1e-12)
    np.testing.assert_allclose(desk.course("momentum")["points"][2:4], first, rtol=1e-12)
    assert "same=0.001" in desk.link()
    desk.page.get_by_label("Same lr for all").uncheck()
    assert desk.know("state.fields.sgd.lr") != 0.001
    assert "same" not in desk.link()


def test_tuning_from_here_lowers_the_end(at):
    seen = at("#surface=rosenbrock&start=1.5,-0.5&steps=200&methods=sgd(lr=0.00001);adam(lr=0.0001,beta1=0.5)")
    before = [seen.course(name)["values"][-1] for name in ("sgd", "adam")]
    seen.page.get_by_role("button", name="Tune lr from here").click()
    after = [seen.course(name)["values"][-1] for name in ("sgd", "adam")]
    assert all(new < old for new, old in zip(after, before, strict=True))
    assert seen.know("state.fields.adam.beta1") == 0.5


def test_divergence_is_a_word(at):
    seen = at("#methods=sgd(lr=1);adam()&step=sgd")
    card = seen.page.locator("article[data-method=sgd] .result")
    assert card.inner_text().startswith("diverged after")
    assert seen.course("sgd")["outcome"] == "diverged"
    for _ in range(3):
        seen.press("s")
    text = seen.page.locator("body").inner_text()
    assert not [word for word in ("NaN", "Infinity", "undefined", "null") if word in text]


def test_the_address_restores_everything(at):
    seen = at(ALL_SET)
    state = "({ ...state, on: [...state.on].sort() })"
    assert seen.page.locator("#notice").is_hidden()
    again = at(seen.link(), fresh=True)
    assert again.know(state) == seen.know(state)
    assert again.drawn() == seen.drawn()
    known = again.know("state")
    assert known["start"] == [-1.25, 0.5]
    assert known["at"] == 37
    assert known["fields"]["adam"] == {"lr": 0.3, "beta1": 0.9, "beta2": 0.99, "eps": 0.001}
    assert known["fields"]["look-ahead nesterov"]["lr"] == 1e-7
    again.page.evaluate("location.hash = '#surface=branin'")
    again.until("state.surface === 'branin'")


DAMAGED = [
    "#%", "#&&==&", f"#{HOSTILE}", f"#surface={HOSTILE}", f"#methods={HOSTILE}", "#methods=adam(lr=NaN)",
    "#methods=adam(lr=-1)", "#methods=adam(beta1=1)", "#methods=adam(__proto__=1)", "#methods=adam(lr=1=1)",
    "#methods=__proto__()", "#__proto__=1", "#constructor=1", "#start=9,9", "#start=1", "#start=1e999,0",
    "#steps=1000000000", "#steps=0", "#at=201", "#noise=-1", "#seed=1.5", "#same=x", "#step=nobody", "#speed=0",
    "#surface=ravine&surface=branin", "#methods=" + "adam(),".replace(",", ";") * 2000, "#" + "x" * 100_000,
]  # fmt: skip


def test_a_damaged_address_does_no_harm(at):
    for address in (DAMAGED[0], DAMAGED[2], f"#methods={HOSTILE}"):
        assert_harmless(at(address, fresh=True), address)
    seen = at()
    for address in DAMAGED:
        seen.page.evaluate("text => restore(text)", address)
        assert_harmless(seen, address)


def assert_harmless(seen: Playground, address: str) -> None:
    assert "could not be read" in seen.page.locator("#notice").inner_text(), address
    assert HOSTILE not in seen.page.locator("body").inner_text()
    assert seen.page.locator("main img").count() == 0
    assert seen.know("[...shown[0].course.values].every(Number.isFinite)"), address


def test_the_phone_needs_no_scrolling_sideways(at):
    for width in (390, 320):
        phone = at(EVERYONE, viewport={"width": width, "height": 844}, has_touch=True, is_mobile=True)
        assert phone.page.evaluate("document.documentElement.scrollWidth") == width
        beyond = """(width) => [...document.querySelectorAll('main *, header *')]
            .filter(e => e.getBoundingClientRect().right > width + 1 && e.getBoundingClientRect().width > 1)
            .filter(e => !e.closest('.rule, svg, .unseen, .map'))
            .map(e => e.outerHTML.slice(0, 90))"""
        assert phone.page.evaluate(beyond, width) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_are_large_enough_and_stand_out(at, scheme):
    seen = at(color_scheme=scheme)
    small = """() => [...document.querySelectorAll('body *')]
        .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
        .filter(e => !e.closest('math, script, noscript, .unseen') && e.getClientRects().length)
        .filter(e => parseFloat(getComputedStyle(e).fontSize) < 12)
        .map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"""
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == rgb(PAPER[scheme])
    assert seen.page.evaluate(small) == []
    assert seen.page.evaluate(CONTRAST) == []


def test_a_method_keeps_its_color(desk):
    expected = looks(playground.methods())
    for name, color in desk.know("METHODS.map(({ name, color }) => [name, color])"):
        assert color == expected[name].color._asdict()
    assert expected["adam"] == looks(["adam"])["adam"]


def test_a_planted_script_does_not_run(browser, path):
    seen = Playground(browser, path)
    seen.page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.planted = true';
        document.body.append(script);
    }""")
    planted, heard = seen.page.evaluate("window.planted === undefined"), seen.heard
    seen.context.close()
    assert planted
    assert len(heard) == 1
    assert "Content Security Policy" in heard[0]


def test_whatever_is_typed_and_read_keeps_ten_methods_apart(at):
    seen = at("#methods=" + ";".join(f"{name}()" for name in TEN if name in playground.methods()))
    assert len(set(seen.know("shown.map(({ method }) => method.color.light + method.dash + method.mark)"))) == 10


def test_no_name_is_cut_at_the_edge_of_the_chart(at):
    for address in ("", EVERYONE):
        chart = at(address).pixels("chart")
        assert not chart[:, -1].any()
        assert not chart[0].any()


def test_every_name_stands_in_the_chart_and_beside_no_other(at):
    placed = """((chart) => {
        const heads = shown.map(({ method, course }) => {
            const k = reachedBy(course, state.at) - 1;
            const height = scale.y(heightOf(world().surface, course.values[k]));
            return { method, at: [scale.x(k * course.per, state.budget), height] };
        });
        return placeNames(heads, scale.right, chart.clientHeight);
    })(find("chart"))"""
    for width in (1280, 390, 320):
        seen = at(EVERYONE, viewport={"width": width, "height": 900})
        height = seen.page.evaluate("find('chart').clientHeight")
        for surface in ("ravine", "rosenbrock", "monkey_saddle", "ackley"):
            seen.page.locator("#surface").select_option(surface)
            words = seen.know(placed)
            assert {word["text"] for word in words} == set(playground.methods())
            for word in words:
                assert 14 <= word["y"] <= height - 40, (width, surface, word)
                assert word["x"] + word["width"] <= width
            for a, b in itertools.combinations(words, 2):
                apart = a["x"] >= b["x"] + b["width"] or b["x"] >= a["x"] + a["width"]
                assert apart or abs(a["y"] - b["y"]) >= 12, (width, surface, a, b)


def test_a_line_leaves_the_chart_where_it_falls_below_it(at):
    """RMSprop comes to 1e-283 on the ravine, of which the chart shows twelve powers of ten."""
    seen = at("#surface=ravine&methods=rmsprop()")
    heights = np.array(seen.course("rmsprop")["values"])
    gone = int(np.argmax(heights < 1e-12 * heights[0]))
    edge, left, right = seen.know("[find('chart').clientHeight - MARGIN.bottom, scale.x(0, 200), scale.x(200, 200)]")
    of_method = seen.inked("chart", looks(playground.methods())["rmsprop"].color.light)
    at_evaluation = np.linspace(left, right, len(heights))
    before, after = at_evaluation[gone - 2], at_evaluation[gone + 2]
    assert of_method[: int(edge), : int(before)].any()
    assert not of_method[:, int(after) : int(right - 9)].any()
    assert of_method[int(edge + 8) : int(edge + 18), int(right - 9) : int(right + 9)].any()


def test_a_surface_without_end_is_shown_down_to_its_lowest_in_the_box(at):
    seen = at("#surface=monkey_saddle&" + EVERYONE[1:])
    assert seen.know("scale.low") == 0
    assert seen.know("lowestOf(world().surface)") == pytest.approx(-6.75)
    assert seen.know("scale.y(-1) > find('chart').clientHeight - MARGIN.bottom")


@pytest.mark.parametrize("name", [name for name, known in playground.surfaces().items() if known.minima])
def test_no_height_is_negative_by_rounding(desk, name):
    lowest = min(point.value for point in SURFACES[name].minima)
    deepest = [point.x for point in SURFACES[name].minima if point.value < lowest + 1e-9]
    beside = (np.array(deepest)[:, None] + np.random.default_rng(0).normal(0, 1e-12, (1, 200, 2))).reshape(-1, 2)
    found = desk.know(f"{beside.tolist()}.map((x) => heightOf(surfaceOf('{name}'), surfaceOf('{name}').value(x)))")
    assert min(found) >= 0


def test_a_height_that_hardly_changes_says_by_how_much(desk):
    assert desk.know("[compared(1, 1 - 2.5e-9), compared(1, 1), compared(1, 2)]") == [
        "lower by 2.5e\N{MINUS SIGN}9",
        "the same",
        "higher",
    ]


def test_only_what_can_be_read_is_marked_and_only_what_is_marked_is_explained(at):
    seen = at()
    explained = {
        "ravine": ["minimum"],
        "himmelblau": ["minimum", "saddle", "maximum"],
        "monkey_saddle": ["saddle"],
        "rastrigin": ["deepest of 121 minima"],
    }
    for name, words in explained.items():
        seen.page.locator("#surface").select_option(name)
        assert [
            each.strip() for each in seen.page.locator(".marks > span").filter(visible=True).all_inner_texts()
        ] == words
    assert seen.know("marked(world().surface, 'minima').map(({ x }) => [...x])") == [[0, 0]]


def test_heights_are_named_by_round_numbers(desk):
    """One digit at its head, 1, 2 or 5 from a power of ten on; at least two of them, whatever the axis."""
    generator = np.random.default_rng(0)
    spans = [(low, low + width) for low in generator.uniform(-13, 5, 40) for width in (0.5, 0.99, 1, 2.4, 2.6, 12)]
    for (low, high), ticks in zip(
        spans, desk.know(f"{json.dumps(spans)}.map((span) => heightTicks(...span))"), strict=True
    ):
        assert len(ticks) >= 2, (low, high)
        assert all(10**low * (1 - 1e-9) <= tick <= 10**high * (1 + 1e-9) for tick in ticks)
        if high - low >= 1:
            assert {f"{tick:.6e}"[:8] for tick in ticks} <= {"1.000000", "2.000000", "5.000000"}


def test_arrows_that_point_the_same_way_are_all_seen(at):
    """The first step of momentum goes against the gradient, along its velocity."""
    seen = at("#surface=ravine&start=0,1&at=1&step=momentum&methods=momentum()")
    own = looks(playground.methods())["momentum"].color
    for color in (own, colors.WORDS, colors.FAINT_WORDS):
        rows, columns = np.nonzero(seen.inked("lens", color.light))
        assert len(rows) > 10, color
        assert np.ptp(rows) > 40, color
        assert len(np.unique(columns)) < 20
    asides = seen.know("[asides([[1, 0], [2, 0], [3, 0.1]]), asides([[1, 0], [-1, 0], [0, 1]])]")
    assert [[round(y) for _, y in each] for each in asides] == [[0, 7, -7], [0, 0, 0]]


def test_what_a_card_says_stays_inside_it(at):
    seen = at(EVERYONE)
    for surface in ("ravine", "rosenbrock", "monkey_saddle"):
        seen.page.locator("#surface").select_option(surface)
        seen.know("0")
        outside = """[...document.querySelectorAll('article')]
            .map((card) => [card, card.querySelector('h3'), card.querySelector('.result')])
            .map((each) => each.map((element) => element.getBoundingClientRect()))
            .filter(([card, name, said]) => said.right > card.right || said.height > 24
                || (said.left < name.right && said.top < name.bottom))"""
        assert seen.know(outside) == []


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_every_formula_is_seen_whole(at, width):
    seen = at(viewport={"width": width, "height": 844})
    for name in playground.surfaces():
        seen.page.locator("#surface").select_option(name)
        beyond = """[...document.querySelectorAll('.story:not([hidden]) .formula')]
            .map((formula) => [formula.scrollWidth - formula.clientWidth, formula.getBoundingClientRect().right])"""
        [[hidden, right]] = seen.know(beyond)
        assert hidden <= 0, name
        assert right <= width


def test_letters_in_a_formula_have_their_numbers(at):
    seen = at()
    for name, number in {"ravine": "κ=100", "rastrigin": "n=2", "styblinski_tang": "n=2", "ackley": "n=2"}.items():
        seen.page.locator("#surface").select_option(name)
        assert seen.page.locator(".formula").filter(visible=True).text_content().endswith(number)


def test_a_page_that_is_not_laid_out_waits_until_it_is(at):
    seen = at(fresh=True)
    before = seen.drawn()
    seen.page.evaluate("document.body.style.display = 'none', dispatchEvent(new Event('resize'))")
    seen.know("0")
    seen.page.evaluate("document.body.style.display = '', dispatchEvent(new Event('resize'))")
    assert seen.drawn() == before


def test_ripples_are_drawn_finely_enough_to_be_those_of_the_surface(at):
    """Ackley's are one apart in a box of 65.5; others have lines, which are readable where they are few."""
    seen = at("#surface=ackley")
    assert seen.know("shaded.n / (world().surface.box[0][1] - world().surface.box[0][0])") > 8
    assert seen.know("shaded.lines.length") == 0
    for name in ("ravine", "rastrigin"):
        seen.page.locator("#surface").select_option(name)
        assert seen.know("shaded.lines.length") == seen.know("KNOWN.levels")


def test_the_numbers_of_evaluations_stand_apart(at):
    phone = at(EVERYONE + "&steps=2000", **PHONE)
    places = phone.know("evaluationTicks(scale, 2000).map((tick) => [scale.x(tick, 2000), widthOf(`${tick}`)])")
    assert len(places) > 1
    for (x, width), (after, wider) in itertools.pairwise(places):
        assert x + width / 2 + 8 < after - wider / 2
