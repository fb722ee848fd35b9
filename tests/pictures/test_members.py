from itertools import combinations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score, log_loss

from ravine.pictures import members

from ..report.cases import EIGHT, HOSTILE, Size
from ..report.study import MadeUp

STUDY = MadeUp((*EIGHT, HOSTILE))
ACCURACY, LOSS = members.info(STUDY)


def line(info: members.Members, method: str, of: str) -> members.Line:
    (found,) = (each for each in info.lines if (each.method, each.of) == (method, of))
    return found


def judged(outputs: list[np.ndarray]) -> tuple[float, float]:
    p = np.mean([softmax(one.astype(float), axis=1) for one in outputs], axis=0)
    return accuracy_score(STUDY.targets(), p.argmax(1)), log_loss(STUDY.targets(), p)


@pytest.mark.parametrize("method", ["sgd", "adam", HOSTILE.name])
def test_a_line_is_the_mean_over_ensembles_of_a_methods_seeds(method):
    said = STUDY.outputs()[method]
    sizes = range(1, len(said) + 1)
    expected = [np.mean([judged([*some]) for some in combinations(said, size)], axis=0) for size in sizes]
    for place, info in enumerate((ACCURACY, LOSS)):
        np.testing.assert_allclose(line(info, method, "runs").scores, [each[place] for each in expected], rtol=1e-5)
    networks = STUDY.inference().get(method, {}).get("networks", 1)
    assert line(ACCURACY, method, "runs").passes.tolist() == [networks * size for size in sizes]


def test_one_run_scores_what_the_study_says():
    table = STUDY.table()
    for method in STUDY.outputs():
        mine = table[(table.method == method) & (table.stage == "tuned") & (table.outcome == "finished")]
        assert line(ACCURACY, method, "runs").scores[0] == pytest.approx(mine.score.mean())


def test_the_networks_of_one_run_cost_one_pass_each():
    networks = STUDY.members()["adam"]
    mine = line(LOSS, "adam", "members")
    assert mine.passes.tolist() == [1, 2, 3, 4, 5]
    assert mine.scores[-1] == pytest.approx(judged([*networks])[1], rel=1e-5)
    assert [each.method for each in LOSS.lines if each.of == "members"] == ["adam"]


def test_one_of_each_follows_cross_validation_and_pays_for_every_network():
    order = [name for name in STUDY.summary().method if name in STUDY.outputs()]
    mine = line(LOSS, "", "each")
    assert mine.passes.tolist() == np.cumsum([5 if name == "adam" else 1 for name in order]).tolist()
    rounds = min(len(said) for said in STUDY.outputs().values())
    first_two = [judged([STUDY.outputs()[name][run] for name in order[:2]])[1] for run in range(rounds)]
    assert mine.scores[1] == pytest.approx(np.mean(first_two), rel=1e-5)


def test_the_order_of_one_of_each_does_not_know_the_test_set():
    class Lucky(MadeUp):
        """The worst by cross-validation answers every question of the test set."""

        def outputs(self):
            perfect = 20 * np.eye(4, dtype=np.float32)[self.targets()]
            return super().outputs() | {self.summary().method.iloc[-1]: np.stack([perfect] * 5)}

    (info, _) = members.info(Lucky(EIGHT[:3]))
    assert line(info, "", "each").scores[0] < 1
    assert [each.method for each in info.lines if each.of == "runs"] == list(MadeUp(EIGHT[:3]).summary().method)


@pytest.mark.parametrize("info", [ACCURACY, LOSS])
def test_every_line_is_drawn_at_its_scores(info):
    figure = members.draw(info)
    drawn = [trace for trace in figure.data if trace.yaxis != "y2"]
    assert len(drawn) == len(info.lines)
    for trace, each in zip(drawn, info.lines, strict=True):
        np.testing.assert_array_equal(trace.x, each.passes)
        assert trace.line.dash == ("dash" if each.of == "members" else "solid")
        rising = np.diff(each.scores) * (1 if info.higher_is_better else -1)
        heights = np.diff(trace.y) * (1 if info.higher_is_better else -1)
        assert (heights[np.abs(rising) > 1e-12] * rising[np.abs(rising) > 1e-12] > 0).all()
    low, high = figure.layout.yaxis.range
    assert all(low < height < high for trace in figure.data for height in trace.y)
    left, right = figure.layout.xaxis.range
    assert all(left - 1e-9 <= np.log10(place) <= right for trace in figure.data for place in trace.x)


def test_names_stand_apart_in_the_order_in_which_their_lines_begin():
    names = [truth._replace(name=f"{truth.name} {k}") for truth in EIGHT for k in range(2)]  # pairs of near ties
    figure = members.draw(members.info(MadeUp(tuple(names)))[0])
    room = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    low, high = figure.layout.yaxis.range
    labels = np.array(figure.layout.yaxis2.tickvals)
    begins = [(trace.y[0], trace.y[1]) for trace in figure.data if trace.yaxis == "y2"]
    np.testing.assert_array_equal(labels, [label for label, _ in begins])
    pixels = np.sort((labels - low) / (high - low) * room)
    assert np.diff(pixels).min() >= members.NAME - 1e-6
    assert pixels[0] >= 0
    assert pixels[-1] <= room
    starts = {(trace.x[0], trace.y[0]) for trace in figure.data if trace.yaxis != "y2"}
    assert {(trace.x[1], trace.y[1]) for trace in figure.data if trace.yaxis == "y2"} <= starts
    ranks = np.argsort([label for label, _ in begins])
    assert (np.diff(np.array([start for _, start in begins])[ranks]) >= -1e-12).all()


def test_names_stay_inside_where_all_lines_begin_at_one_end():
    ends = [0.0, *[1.0] * 12]
    lines = [members.Line(f"m{k}", "runs", np.array([1, 2]), np.array([end, end])) for k, end in enumerate(ends)]
    for sign in (1, -1):
        turned = tuple(each._replace(scores=sign * each.scores) for each in lines)
        figure = members.draw(members.Members("R²", True, turned))
        low, high = figure.layout.yaxis.range
        assert all(low < label < high for label in figure.layout.yaxis2.tickvals)


def test_what_outputs_cannot_tell_is_not_drawn():
    class Own(MadeUp):
        kind = "given"

    class Odd(MadeUp):
        """A step of the user's own, whose outputs are no scores of classes."""

        def outputs(self):
            return {name: said[..., 0] for name, said in super().outputs().items()}

    own_step = MadeUp(EIGHT[:2], Size(metric="loss", higher=False, proper="loss"))
    for study in (own_step, Own(EIGHT[:2]), Odd(EIGHT[:2]), MadeUp(EIGHT[:2], Size(finished=False))):
        assert members.info(study) == ()
    assert members.info(MadeUp(EIGHT[:1], Size(seeds=1))) == ()  # one point is no line
    (alone,) = members.info(MadeUp(EIGHT[:2], Size(metric="worst", higher=False, proper="squared_error")))
    assert alone.measure == "squared error"  # a metric of the user's own is not kept


def test_a_metric_that_has_the_name_of_another_is_not_taken_for_it():
    class Namesake(MadeUp):
        def __init__(self, truths):
            super().__init__(truths)
            self.higher_is_better = False

    assert [info.measure for info in members.info(Namesake(EIGHT[:2]))] == ["log loss"]


def test_the_sentence_speaks_of_what_is_drawn():
    whole = members.how_to_read(ACCURACY)
    assert "1 to 5 of a method's fresh seeds" in whole
    assert "broken line" in whole
    assert "one of each" in whole
    (alone, _) = members.info(MadeUp(EIGHT[:1]))
    said = members.how_to_read(alone)
    assert "broken line" not in said
    assert "one of each" not in said
    assert "cost further training" in said
