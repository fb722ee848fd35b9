"""The gallery as a page: whole, harmless, and readable on a desk and on a phone, by day and by night."""

import dataclasses
import re
import time

import pytest

from ravine.errors import RavineError
from ravine.pictures.colors import KNOWN, LATER, WORDS
from ravine.pictures.scenes import draw, key, variable
from ravine.report.scenes import html, write
from ravine.watch.scenes import SCENES, Proof

from .opened import DESK, Opened

SHOWN = ("zigzag", "wells", "newton")
PHONE = {"viewport": {"width": 360, "height": 740}}


@pytest.fixture(scope="module")
def exhibits():
    return [SCENES[name]() for name in SHOWN]


@pytest.fixture(scope="module")
def page(exhibits):
    return html(exhibits)


@pytest.fixture(scope="module")
def path(page, tmp_path_factory):
    file = tmp_path_factory.mktemp("gallery") / "index.html"
    file.write_text(page, encoding="utf-8")
    return file


def test_every_scene_has_its_words_its_panels_and_its_numbers(exhibits, page):
    for exhibit in exhibits:
        section = page[page.index(f'id="{exhibit.key}"') :].partition("</section>")[0]
        assert exhibit.title.partition(",")[0] in section
        assert section.count('<svg viewBox="0 0') == len(exhibit.panels) == 2
        assert section.count('class="holds"') == len(exhibit.proofs)
        assert all(proof.shown in section for proof in exhibit.proofs)


def test_a_number_that_is_not_what_it_must_be_is_shown_as_such(exhibits):
    wrong = dataclasses.replace(exhibits[0], proofs=(Proof("a lie", 2.0, 0.0, 1.0, "at most 1"),))
    section = html([wrong])
    assert section.count('class="fails"') == 1
    assert "✗" in section
    assert 'class="holds"' not in section


def test_words_cannot_do_harm(exhibits):
    harm = "<script>alert(1)</script>"
    section = html([dataclasses.replace(exhibits[0], title=harm, how_to_read=harm)])
    assert "<script" not in section
    assert "default-src 'none'" in section


def test_no_two_things_share_a_name_and_every_name_is_found(page):
    found = re.findall(r'\bid="([^"]+)"', page)
    assert len(found) == len(set(found))
    wanted = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page))
    assert wanted <= set(found)


def test_no_color_is_fixed_where_the_paper_may_be_dark(exhibits):
    for drawn in (one for exhibit in exhibits for one in draw(exhibit)):
        fixed = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", drawn.svg))
        assert fixed == set()


def test_nobody_looks_like_another(exhibits):
    for exhibit in exhibits:
        looks = [mark.look for mark in key(exhibit) if mark.look]
        assert len({(look.color, look.dash) for look in looks}) == len(looks) == len(exhibit.settings)


def test_everyone_wears_the_color_of_the_method_that_it_is_one_of(exhibits):
    colors = {mark.name: mark.look.color for exhibit in exhibits for mark in key(exhibit) if mark.look}
    assert colors["momentum, fastest"] == colors["momentum"] == KNOWN["momentum"].color
    assert colors["newton, undamped"] == LATER["newton"].color
    batches = key(SCENES["noise"]())
    assert {mark.look.color for mark in batches if mark.look} == {KNOWN["sgd"].color}


def strokes(svg, color):
    """Width and strength of every line of a color, in the order in which they are drawn."""
    styles = [
        style for style in re.findall(r'style="([^"]*)"', svg) if f"stroke: var({variable(color.light)})" in style
    ]
    found = [
        [re.search(rf"{name}: ([\d.]+)", style) for name in ("stroke-width", "stroke-opacity")] for style in styles
    ]
    return [tuple(float(each[1]) if each else 1.0 for each in pair) for pair in found]


def test_theory_is_a_thin_line_over_the_pale_band_of_what_was_measured(exhibits):
    svg = draw(exhibits[0])[1].svg
    measured, theory = strokes(svg, KNOWN["momentum"].color), strokes(svg, WORDS)
    bands = [(width, strength) for width, strength in measured if width > 2]
    assert len(bands) == 2
    assert all(strength < 0.6 for _, strength in bands)
    assert len(theory) == 3
    assert all(3 * width < bands[0][0] and strength == 1 for width, strength in theory)
    last = svg.rindex(f"stroke: var({variable(KNOWN['momentum'].color.light)}); stroke-opacity")
    assert svg.index(f"stroke: var({variable(WORDS.light)})") > last  # it lies on top


def test_of_courses_of_one_color_the_wilder_is_the_fainter():
    svg = draw(SCENES["noise"]())[0].svg
    drawn = strokes(svg, KNOWN["sgd"].color)
    assert [strength for _, strength in drawn[:3]] == pytest.approx([0.5, 0.75, 1.0])  # batches of 1 and 10, all 200
    assert drawn[:3] == sorted(drawn[:3])


def test_the_same_scenes_make_the_same_page(exhibits, page):
    assert html(exhibits) == page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_a_browser_shows_it_whole(browser, path, width, scheme):
    seen = Opened(browser, path, color_scheme=scheme, **width)
    assert seen.heard == []
    assert [url for url in seen.asked if not url.startswith("data:")] == [path.as_uri()]
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width["viewport"]["width"]
    boxes = [figure.bounding_box() for figure in seen.page.locator(".panels svg").all()]
    assert len(boxes) == 2 * len(SHOWN)
    assert all(box["width"] > 300 and box["height"] > 220 for box in boxes)
    assert (boxes[0]["y"] == boxes[1]["y"]) is (width is DESK)
    inks = "[...document.querySelectorAll('.panels text')].map(t => getComputedStyle(t).fill)"
    assert set(seen.page.evaluate(inks)) == {"rgb(91, 95, 102)" if scheme == "light" else "rgb(165, 169, 174)"}
    seen.context.close()


def test_words_in_pictures_can_be_read_on_a_phone(browser, path):
    seen = Opened(browser, path, **PHONE)
    heights = "[...document.querySelectorAll('.panels text')].map(t => t.getBoundingClientRect().height)"
    assert min(seen.page.evaluate(heights)) >= 8
    seen.context.close()


def test_where_a_file_lies_there_can_be_no_folder(tmp_path):
    (tmp_path / "here").write_text("")
    with pytest.raises(RavineError, match=r"--gallery '.*here': no folder can be made there \(File exists\)\."):
        write(tmp_path / "here")


@pytest.mark.slow
def test_the_whole_gallery_is_written_in_time(tmp_path):
    told, begun = [], time.perf_counter()
    path = write(tmp_path / "new" / "gallery", lambda *each: told.append(each))
    assert time.perf_counter() - begun < 90
    assert told == [(k, len(SCENES), name) for k, name in enumerate(SCENES)]
    page = path.read_text(encoding="utf-8")
    assert path.name == "index.html"
    assert [entry.name for entry in path.parent.iterdir()] == ["index.html"]
    assert re.findall(r'class="scene" id="([^"]+)"', page) == list(SCENES)
    assert 'class="fails"' not in page
    assert len(page) < 5e6
