import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.executor import Crew
from ravine.study.forecast import Sizes, epochs_within, forecast, pilot, sizes_of
from ravine.study.scene import Scene, forget, stage

from .small import TASK, Inline
from .test_course import entry


@pytest.fixture(autouse=True)
def _fresh():
    forget()


def scene(tmp_path, task="wine", folds=3, holdout=None):
    return Scene(task, None, folds, holdout, 0, "cpu", "auto", str(tmp_path / "checkpoints"))


@pytest.mark.parametrize(("folds", "holdout"), [(2, None), (3, None), (5, None), (1, 0.1), (1, 0.33)])
def test_sizes_are_those_of_the_stages(tmp_path, folds, holdout):
    here = scene(tmp_path, folds=folds, holdout=holdout)
    parts = [len(stage(here, fold).train) for fold in range(folds)]
    assert sizes_of(here) == Sizes(len(stage(here, -1).train), sum(parts))


def test_a_forecast_is_epochs_times_examples_by_the_pilot_s_pace():
    found = forecast([entry("a", settings=1, epochs=4, tuned=False)], 3, Sizes(100, 150), 0.01, 2)
    assert found.evaluations == 4 * 150 + 3 * 4 * 100
    assert found.seconds == pytest.approx(1800 * 0.01 / 2, rel=1e-12)


@given(st.floats(0.1, 2000), st.floats(0.05, 50), st.integers(1, 60))
def test_a_budget_buys_the_most_epochs_that_fit(budget, each, most):
    def cost(epochs):
        return epochs * each

    fitting = [epochs for epochs in range(1, most + 1) if cost(epochs) <= budget]
    if fitting:
        assert epochs_within(budget, lambda epochs: epochs, cost, most) == fitting[-1]
    else:
        with pytest.raises(RavineError, match="--budget .*one epoch of every run takes"):
            epochs_within(budget, lambda epochs: epochs, cost, most)


def test_a_pilot_that_breaks_off_ends_the_study_before_it_begins(tmp_path, monkeypatch):
    (tmp_path / "dies.py").write_text(TASK)
    monkeypatch.setenv("DIE", "raise:0")
    here = scene(tmp_path, task=f"{tmp_path}/dies.py:task")
    job = entry("sgd").field.jobs(0, 0, 0)[0]
    with pytest.raises(
        RavineError, match=r"a first run of 'sgd' broke off. Failed: ValueError: no \[more\] wine \(dies.py"
    ):
        pilot(here, job, Crew(Inline, lambda _: None, 1))
