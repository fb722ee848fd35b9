"""Trajectories: the numbers of the picture, and files that are what they claim to be."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from matplotlib import rc_context
from PIL import Image

from ravine.pictures import trajectories, trajectories_axis, trajectories_film, trajectories_space
from ravine.pictures.colors import COLORS, KNOWN
from ravine.pictures.trajectories_marks import DASHES, SYMBOLS
from ravine.pictures.trajectories_stage import Stage
from ravine.watch import watch

SCENE = watch("rosenbrock", "SGD(lr=0.001),Momentum(lr=0.0005),SGD(lr=0.1),newton,Adam(lr=0.1)", steps=60)
INFO = trajectories.info(SCENE)


def test_heights_are_above_the_lowest_value_and_contours_even_in_their_logarithm():
    x, y = INFO.x[30], INFO.y[100]
    assert INFO.heights[100, 30] == pytest.approx((1 - x) ** 2 + 100 * (y - x**2) ** 2)
    np.testing.assert_allclose(np.diff(np.log(INFO.levels)), np.log(INFO.levels[1] / INFO.levels[0]))
    assert INFO.heights.min() < INFO.levels[0] < INFO.levels[-1] < INFO.heights.max()
    assert INFO.minima.tolist() == [[1.0, 1.0]]


def test_heights_of_a_surface_that_falls_below_zero_are_measured_from_its_minimum():
    info = trajectories.info(watch("styblinski_tang", "newton", steps=30))
    assert info.lowest == pytest.approx(2 * -39.16616570377142)
    assert info.heights.min() >= 0
    assert info.above == "value above −78.3, lower is better"


FALLING = trajectories.info(watch("monkey_saddle", "newton_cg,newton", steps=60))


def test_where_no_minimum_is_known_heights_are_measured_from_the_lowest_in_the_box():
    low, at = FALLING.lowest, np.linspace(-1.5, 1.5, 301)
    assert low == pytest.approx((at[:, None] ** 3 - 3 * at[:, None] * at**2).min())
    assert FALLING.above == "value above −6.75, the lowest in the box"
    assert "the height above −6.75, the lowest value in the box, as no minimum is known" in how(FALLING)
    assert "no minimum is known" not in how(INFO)


def how(info):
    return " ".join(trajectories.how_to_read(info).split())


def test_a_line_leaves_the_chart_where_it_falls_below_it():
    axis, (fell, stayed) = FALLING.axis, FALLING.tracks
    np.testing.assert_allclose(
        fell.heights + FALLING.lowest, fell.points[:, 0] ** 3 - 3 * fell.points.prod(1) * fell.points[:, 1]
    )
    below = fell.heights < axis.low
    assert below[-1]
    assert not below[0]
    assert axis.is_below(fell.heights).tolist() == below.tolist()
    assert (axis.placed(fell.heights)[below] < axis.low).all()
    np.testing.assert_array_equal(axis.placed(fell.heights)[~below], fell.heights[~below])
    assert not axis.is_below(stayed.heights).any()
    assert "a small triangle at the edge points there" in how(FALLING)


def test_a_value_that_no_axis_shows_is_not_drawn_as_if_it_were_another():
    info = trajectories.info(watch("rosenbrock", "lbfgs,SGD(lr=0.001)", steps=80))
    reached = info.tracks[0].heights[-1]
    assert reached < 1e-20 * info.tracks[0].heights[0]
    assert info.axis.low > reached
    assert info.axis.placed(info.tracks[0].heights)[-1] < info.axis.low


def test_the_end_of_a_line_that_left_is_marked_on_the_edge():
    stage = Stage(FALLING)
    for evaluations, falls in ((0, [False, False]), (60, [True, False])):
        stage.at(evaluations)
        heads = [(lines[4], lines[5]) for lines, _ in stage.moving]
        assert [lower.get_visible() for _, lower in heads] == falls
        for (head, lower), fallen in zip(heads, falls, strict=True):
            (height,), (under,) = head.get_ydata(), lower.get_ydata()
            assert bool(height == FALLING.axis.low) is fallen
            assert FALLING.axis.low <= height <= FALLING.axis.high
            edge = lower.get_transform().transform((0, under))[1] - stage.curves.bbox.y0
            assert -20 < edge < 0  # below the axis, above its numbers
    assert heads[0][0].get_xdata()[0] == FALLING.tracks[0].evaluations[-1]


def test_a_small_part_of_a_wide_box_is_shown_closer_with_all_that_happens_in_it():
    scene = watch("ackley", "Adam(lr=0.1),newton", steps=60)
    info = trajectories.info(scene)
    (low, high), _ = scene.surface.box
    assert info.x[-1] - info.x[0] < 0.5 * (high - low)
    for track in info.tracks:
        assert (track.points.min(0) > [info.x[0], info.y[0]]).all()
        assert (track.points.max(0) < [info.x[-1], info.y[-1]]).all()
    assert (INFO.x[0], INFO.x[-1]) == (-2, 2)  # Rosenbrock's is shown whole


def test_of_very_many_minima_only_the_deepest_are_marked():
    info = trajectories.info(watch("rastrigin", "newton", steps=10))
    assert info.minima.tolist() == [[0.0, 0.0]]
    assert len(info.saddles) == len(info.maxima) == 0


@pytest.mark.parametrize("name", ["rosenbrock", "strict_saddle", "rastrigin"])
def test_ticks_are_round_and_there_are_several(name):
    info = trajectories.info(watch(name, "SGD(lr=0.01)", steps=30))
    (low, high), ticks = info.axis, info.axis.ticks
    assert 2 <= len(ticks) <= 9
    assert all(low <= tick <= high for tick in ticks)
    assert {f"{tick:e}"[0] for tick in ticks} <= {"1", "2", "5"}


def test_a_method_looks_like_its_family_however_it_is_written():
    by_name = {track.name: track.look for track in INFO.tracks}
    assert by_name["Adam(lr=0.1)"] == KNOWN["adam"]
    assert by_name["Momentum(lr=0.0005)"] == KNOWN["momentum"]
    two = [by_name["SGD(lr=0.001)"], by_name["SGD(lr=0.1)"]]
    assert two[0] == KNOWN["sgd"]
    assert two[1].color == KNOWN["sgd"].color
    assert len({(look.color, look.dash) for look in by_name.values()}) == 5
    assert {look.color for look in by_name.values()} <= set(COLORS.values())


def test_every_look_can_be_drawn():
    from ravine.pictures import colors

    looks = [*colors.KNOWN.values(), *colors.LATER.values()]
    assert {look.dash for look in looks} | set(colors.DASHES) <= set(DASHES)
    assert {look.symbol for look in looks} | set(colors.SYMBOLS) <= set(SYMBOLS)


def test_a_track_shows_what_had_been_paid_for():
    newton = next(track for track in INFO.tracks if track.name == "newton")
    second = newton.evaluations[1]
    assert [newton.by(0), newton.by(second - 1), newton.by(second), newton.by(60)] == [1, 1, 2, len(newton.points)]


def test_moments_begin_at_nothing_end_with_the_budget_and_are_slow_at_first():
    moments = INFO.moments()
    assert (moments[0], moments[-1], len(moments)) == (0, 60, 61)
    assert (np.diff(moments) > 0).all()
    assert (np.diff(moments, 2) > 0).all()
    assert len(watch_info(5000).moments()) == trajectories.FRAMES


def watch_info(steps):
    return INFO._replace(steps=steps)


def test_one_that_diverges_does_not_press_the_others_flat():
    low, high = INFO.axis
    worst = max(track.heights.max() for track in INFO.tracks)
    best = min(track.heights[track.heights > 0].min() for track in INFO.tracks)
    start = INFO.tracks[0].heights[0]
    lowest = max(best, trajectories_axis.FLOOR * start)
    assert worst > high
    assert low <= lowest
    assert np.log10(high / low) < 2 * np.log10(start / lowest)


def test_a_method_that_diverges_says_so_in_its_value_s_place():
    assert [track.ended for track in INFO.tracks] == ["", "", "diverged", "", ""]


def test_a_method_that_stopped_on_a_saddle_says_so_in_its_value_s_place():
    scene = watch("branin", "Newton(safeguard=None),newton", start=(0, 10), steps=60)
    assert [track.ended for track in trajectories.info(scene).tracks] == ["on a saddle", ""]


def test_a_mark_of_the_ground_is_larger_where_a_course_ends_on_it():
    info = trajectories.info(watch("himmelblau", "Newton(safeguard=None),newton", start=(-1, 2), steps=60))
    ends = [track.points[-1] for track in info.tracks]
    for points in (info.minima, info.saddles, info.maxima):
        near = [min(np.linalg.norm(point - end) for end in ends) < 0.2 for point in points]
        assert info.covered(points).tolist() == near
    assert info.covered(info.saddles).sum() == info.covered(info.minima).sum() == 1
    sizes = [line.get_markersize() for line in Stage(info).map.lines if line.get_marker() == "d"]
    small, large = min(sizes), max(sizes)
    assert sizes.count(small) == len(info.saddles) - 1
    assert large > 1.5 * small


def test_lines_on_the_map_are_dashed_as_in_the_legend():
    stage = Stage(INFO)
    for track, (lines, _) in zip(INFO.tracks, stage.moving, strict=True):
        assert lines[0].is_dashed() is (track.look.dash != "solid")


def test_how_to_read_it_says_what_is_drawn():
    said = trajectories.how_to_read(INFO)
    assert "logarithm of the height above 0" in said
    assert "gradient evaluations" in said


def legend(stage):
    return [text.get_text() for text in stage.figure.texts]


@pytest.mark.parametrize("count", [2, 7, 8, 14, 20])
def test_nothing_is_clipped_and_no_words_overlap(count):
    methods = [f"{'a long name of mine ' * 3}{k} = SGD(lr={0.0001 * (k + 1)})" for k in range(count)]
    info = trajectories.info(watch("goldstein_price", methods, steps=5, lr="same", noise=2.0))
    with rc_context(trajectories_film.STYLE):
        stage = Stage(info)
        stage.at(info.steps)
        renderer, whole = stage.canvas.get_renderer(), stage.figure.bbox
        boxes = [text.get_window_extent(renderer) for text in stage.figure.texts if text.get_text()]
        boxes += [axes.get_tightbbox(renderer) for axes in (stage.map, stage.curves)]
    for box in boxes:
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1
    for k, box in enumerate(boxes):
        for other in boxes[k + 1 :]:
            assert not box.overlaps(other.padded(-1))


@pytest.mark.parametrize("count", [7, 14])
def test_the_legend_names_every_method_and_its_lr(count):
    names = "sgd,momentum,nesterov,adagrad,adadelta,rmsprop,adam,adamw,nadam,lion,lbfgs,newton,newton_cg,nonlinear_cg"
    tracks = trajectories.info(watch("ravine", names.split(",")[:count], steps=8)).tracks
    written = legend(Stage(INFO._replace(tracks=tracks)))
    assert {track.name for track in tracks} | {track.lr for track in tracks} <= set(written)


HALF = """
from ravine.rules.rule import Number, Rule, field
class Half(Rule):
    lr: Number = field(0.1, 'step length', at_least=0)
    def update(self, p, g):
        return p - self.lr * g / 2
"""


def test_a_rule_of_a_file_is_called_by_its_class_and_by_more_where_that_does_not_tell(tmp_path):
    for path in ("a.py", "b.py", "sub/a.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(HALF)

    def names(*typed):
        methods = [each.replace("DIR", str(tmp_path)) for each in typed]
        return [track.name for track in trajectories.info(watch("ravine", methods, steps=2, lr=0.01)).tracks]

    assert names("DIR/a.py:Half", "adam") == ["Half", "adam"]
    assert names("DIR/a.py:Half", "DIR/a.py:Half(lr=0.1)") == ["Half", "Half(lr=0.1)"]
    assert names("DIR/a.py:Half", "DIR/b.py:Half") == ["a.py:Half", "b.py:Half"]
    both = names("DIR/a.py:Half", "DIR/sub/a.py:Half")
    assert both == [f"{tmp_path}/a.py:Half", f"{tmp_path}/sub/a.py:Half"]


def test_the_trajectories_grow_and_values_are_told():
    stage = Stage(INFO)
    first, middle, end = (stage.at(evaluations).copy() for evaluations in (0, 20, 60))
    assert first.shape == (720, 1280, 3)
    colors = [np.array([int(track.look.color.light[k : k + 2], 16) for k in (1, 3, 5)]) for track in INFO.tracks]
    inked = [
        [int((np.abs(pixels[110:650, 60:605].astype(int) - color).sum(2) < 40).sum()) for color in colors]
        for pixels in (first, middle, end)
    ]
    for k, track in enumerate(INFO.tracks):
        if track.name == "newton":
            assert inked[0][k] < inked[1][k] < inked[2][k]
    assert sum(inked[0]) < sum(inked[1]) < sum(inked[2])
    assert "evaluation 60 of 60" in legend(stage)
    assert "diverged" in legend(stage)
    np.testing.assert_array_equal(stage.at(20), middle)  # nothing of the end is left over


def test_a_gif_is_a_film_of_its_moments_that_begins_anew(tmp_path):
    path = trajectories_film.save(SCENE, tmp_path / "x.gif")
    with Image.open(path) as film:
        assert film.format == "GIF"
        assert film.size == (1280, 720)
        assert film.info["loop"] == 0
        shown = []
        for k in range(film.n_frames):  # what stands still over several moments is one long frame
            film.seek(k)
            shown.append(film.info["duration"])
        first = np.asarray(film.convert("RGB")).astype(int)
    with rc_context(trajectories_film.STYLE):
        still = Stage(INFO).at(60).astype(int)
    assert sum(shown) == trajectories_film.MILLISECONDS * (len(INFO.moments()) - 1) + trajectories_film.LAST
    assert film.n_frames > 40
    assert np.abs(first - still).mean() < 0.5
    assert (first == still).all(-1).mean() > 0.9  # the ground and the paper are what they are
    assert first[0, 0].tolist() == [255, 255, 255]
    assert path.stat().st_size < 2e6
    assert [each.name for each in tmp_path.iterdir()] == ["x.gif"]


def test_a_png_is_the_last_moment_twice_as_large(tmp_path):
    with Image.open(trajectories_film.save(SCENE, tmp_path / "x.png")) as still:
        assert (still.format, still.size) == ("PNG", (2560, 1440))


@pytest.mark.skipif(
    not (shutil.which("ffmpeg") and shutil.which("ffprobe")),
    reason="no ffmpeg is installed (Debian: apt-get install ffmpeg)",
)
def test_an_mp4_is_what_browsers_and_slides_play(tmp_path):
    path = trajectories_film.save(SCENE, tmp_path / "x.mp4")
    words = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-count_frames", "-of", "json", str(path)]
    found = json.loads(subprocess.run(words, capture_output=True, check=True, text=True).stdout)
    (stream,) = found["streams"]
    assert (stream["codec_name"], stream["pix_fmt"], stream["width"], stream["height"]) == (
        "h264",
        "yuv420p",
        1280,
        720,
    )
    held = trajectories_film.LAST // trajectories_film.MILLISECONDS
    assert int(stream["nb_read_frames"]) == len(INFO.moments()) - 1 + held
    assert float(found["format"]["duration"]) == pytest.approx((60 * 60 + 3000) / 1000, abs=0.1)
    assert "mp4" in found["format"]["format_name"]


def test_contours_are_rings_around_the_ground_above_their_level():
    paths = trajectories_space.contours(INFO)
    assert len(paths) == len(INFO.levels)
    assert all(path.startswith("M") and path.endswith("z") for path in paths)
    assert all(area(paths[k]) > area(paths[k + 1]) > 0 for k in range(len(paths) - 1))
    share = (INFO.heights > INFO.levels[5]).mean()
    assert area(paths[5]) / trajectories_space.UNITS**2 == pytest.approx(share, abs=0.02)


def area(path):
    """The area inside a path, by the shoelace formula, holes taken off."""
    import re

    found = 0.0
    for ring in path.split("M")[1:]:
        numbers = np.array(re.findall(r"-?\d+", ring), float).reshape(-1, 2)
        x, y = np.cumsum(numbers, axis=0).T
        found += (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2
    return abs(found)


def drawn_ground(surface, points):
    """The height of the drawn surface at points, between whose corners it is taken to be bilinear."""
    x, y, z = (np.asarray(each, float) for each in (surface.x, surface.y, surface.z))
    i = np.clip(np.searchsorted(x, points[:, 0]) - 1, 0, len(x) - 2)
    j = np.clip(np.searchsorted(y, points[:, 1]) - 1, 0, len(y) - 2)
    u, v = (points[:, 0] - x[i]) / (x[i + 1] - x[i]), (points[:, 1] - y[j]) / (y[j + 1] - y[j])
    return (1 - v) * ((1 - u) * z[j, i] + u * z[j, i + 1]) + v * ((1 - u) * z[j + 1, i] + u * z[j + 1, i + 1])


def test_courses_are_drawn_above_the_surface_in_space_also_between_their_points():
    figure = trajectories_space.draw(INFO)
    surface = figure.data[0]
    room = np.ptp(surface.z)
    for track, line, head in zip(INFO.tracks, figure.data[-10::2], figure.data[-9::2], strict=True):
        way, reached = np.column_stack([line.x, line.y, line.z]).astype(float), line.meta["reached"]
        inside = np.isfinite(way[:, 2])
        above = way[inside, 2] - drawn_ground(surface, way[inside])
        assert (above > 0.015 * room).all()
        assert line.meta["method"] == track.name
        points = trajectories.near(INFO, track.points)
        np.testing.assert_allclose(way[np.array(reached) - 1, :2], points, atol=1e-4)
        seen = ((points >= [-2, -1]) & (points <= [2, 3])).all(1)
        on_them = way[np.array(reached)[seen] - 1]
        np.testing.assert_allclose(on_them[:, 2], drawn_ground(surface, on_them) + 0.02 * room, atol=0.01 * room)
        assert head.z[0] > drawn_ground(surface, np.array(head.meta["heads"])[-1:, :2])[0] + 0.03 * room
    newton = next(line for line in figure.data if line.meta and line.meta.get("method") == "newton")
    assert len(newton.x) > 3 * len(newton.meta["reached"])  # its long steps lead over a ridge


def test_what_is_known_and_the_start_are_marked_in_space():
    info = trajectories.info(watch("himmelblau", "newton", steps=10))
    figure = trajectories_space.draw(info)
    marks = {trace.text[0]: trace for trace in figure.data[1:] if trace.mode == "text"}
    assert {sign: len(trace.x) for sign, trace in marks.items()} == {"★": 4, "◆": 4, "▲": 1, "○": 1}
    assert (marks["★"].x[0], marks["★"].y[0]) == (3, 2)
    assert all(trace.textposition == "middle center" for trace in marks.values())
    for trace in marks.values():
        under = drawn_ground(figure.data[0], np.column_stack([trace.x, trace.y]))
        assert (np.asarray(trace.z) > under + 0.03 * np.ptp(figure.data[0].z)).all()
    assert figure.layout.scene.zaxis.title.text == "height"
