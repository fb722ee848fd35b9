import numpy as np
import pytest

from ravine.pictures import tuning
from ravine.pictures.axes import grid
from ravine.pictures.settings import Settings, chosen_settings, settings

from ..report.cases import EIGHT, HOSTILE, YOURS, Size, lrs
from ..report.study import MadeUp

STUDY = MadeUp((*EIGHT, YOURS, HOSTILE))


def test_every_setting_stands_at_its_lr_with_its_mean_score():
    panels = {panel.method: panel for panel in tuning.info(STUDY).panels}
    assert set(panels) == {truth.name for truth in (*EIGHT, HOSTILE)}  # nothing of yours was searched
    for truth in (*EIGHT, HOSTILE):
        panel = panels[truth.name]
        assert (panel.field, panel.low, panel.high) == ("lr", truth.low, truth.high)
        assert panel.x.tolist() == lrs(truth, 8)
        mine = [run for run in STUDY.runs if run["method"] == truth.name and run["stage"] == "search"]
        means = [np.mean([run["score"] for run in mine if run["setting"] == setting]) for setting in range(8)]
        np.testing.assert_allclose(panel.found.mean, means)


def test_marks_tell_what_became_of_a_setting():
    for truth, found in zip((*EIGHT, YOURS, HOSTILE), settings(STUDY).values(), strict=True):
        np.testing.assert_array_equal(found.diverged, np.array(lrs(truth, 8)) > truth.limit)
        stopped = {run["setting"] for run in STUDY.runs if run["method"] == truth.name and run["outcome"] == "stopped"}
        assert set(found.number[~found.finished]) == stopped | set(found.number[found.diverged])
        assert found.number[found.chosen].tolist() == [chosen_settings(STUDY)[truth.name]]


def test_a_setting_that_was_stopped_is_judged_by_its_averaged_weights():
    class Averaged(MadeUp):
        def table(self):
            return super().table().assign(averaged_score=0.123)

    found = settings(Averaged(EIGHT[:1]))["sgd"]
    assert set(found.mean[~found.finished]) == {0.123}
    assert (found.mean[found.finished] != 0.123).all()


def found(mean: list[float], diverged: list[bool]) -> Settings:
    values = np.array(mean)
    lost = np.array(diverged)
    return Settings("m", np.arange(len(mean)), values, values, values, ~lost, lost, np.zeros(len(mean), bool))


@pytest.mark.parametrize(
    ("mean", "diverged", "higher", "near"),
    [
        ([0.90, 0.86, 0.84], [False] * 3, True, 2),  # errors 10, 14, 16 %
        ([0.90, 0.86, 0.84], [False, True, False], True, 1),
        ([2.0, 3.0, 3.1], [False] * 3, False, 2),
        ([0.9, 0.9], [True, True], True, 0),
        ([1.0, 1.0, 0.99], [False] * 3, True, 2),
        ([-4.0, -3.0, 1.0], [False] * 3, False, 2),
    ],
)
def test_near_the_best_means_at_most_one_and_a_half_times_its_error(mean, diverged, higher, near):
    assert tuning.near_best(found(mean, diverged), higher) == near


class Fields(MadeUp):
    """A study that searched other things than lr."""

    @property
    def searched(self):
        kind = ("kind", "choice(('a', 'b'))", "linear", "a", "b")
        return {"sgd": [kind, ("rho", "near_one(0.5, 0.99)", "near_one", 0.5, 0.99)]}

    def table(self):
        rows = super().table()
        return rows.assign(kind="a", rho=1 - rows["lr"])


def test_where_lr_is_not_searched_the_first_number_takes_its_place():
    (panel,) = tuning.info(Fields(EIGHT[:1])).panels
    assert (panel.field, panel.scale) == ("rho", "near_one")
    figure = tuning.draw(tuning.info(Fields(EIGHT[:1])))
    np.testing.assert_allclose(figure.data[-1].x, lrs(EIGHT[0], 8))  # 1 - rho, on a logarithmic axis
    low, high = figure.layout.xaxis.range
    assert low > high  # 0.99 is at the right
    assert figure.layout.xaxis.title.text == "1 − rho"


@pytest.mark.parametrize("higher", [True, False])
def test_settings_that_diverged_stand_beyond_the_worst_score(higher):
    study = MadeUp((HOSTILE,), Size(metric="accuracy" if higher else "error", higher=higher))
    trace = tuning.draw(tuning.info(study)).data[-1]
    lost = np.array(trace.marker.symbol) == "x-thin-open"
    y = np.array(trace.y)
    assert lost.sum() == 4
    assert (y[lost].max() < y[~lost].min()) if higher else (y[lost].min() > y[~lost].max())


@pytest.mark.parametrize(("panels", "columns"), [(1, 4), (4, 4), (9, 4), (9, 1), (40, 4)])
def test_panels_do_not_overlap_and_fill_the_sheet(panels, columns):
    layout = grid(panels, columns)
    boxes = []
    for number in range(panels):
        end = "" if number == 0 else str(number + 1)
        boxes.append((*layout[f"xaxis{end}"]["domain"], *layout[f"yaxis{end}"]["domain"]))
    assert all(0 <= low < high <= 1 for box in boxes for low, high in (box[:2], box[2:]))
    for number, (left, right, bottom, top) in enumerate(boxes):
        for other_left, other_right, other_bottom, other_top in boxes[:number]:
            apart = other_right < left or right < other_left or other_top < bottom or top < other_bottom
            assert apart
    assert boxes[0][0] == 0
    assert boxes[0][3] == 1
