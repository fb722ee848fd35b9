import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.ranges import log
from ravine.recipe import Recipe, early_stopping
from ravine.rules import SGD
from ravine.study.contenders import Contender
from ravine.study.course import Entry, course, planned_epochs
from ravine.study.job import Job
from ravine.study.plan import Field, rungs
from ravine.study.record import Record


def entry(name, settings=4, epochs=8, folds=2, tuned=True, stop=None):
    contender = Contender(name, Recipe(SGD(lr=log(1e-4, 1e-1)), epochs=epochs, stop=stop))
    values = [{"lr": 0.001 * (k + 1)} for k in range(settings)]
    field = Field(contender, values, rungs(epochs, settings, True), folds, 0, True)
    return Entry(field, contender.at({"lr": 0.01}) if tuned else None)


def ended(job: Job, luck) -> Record:
    names = ("score", "proper", "averaged_score", "averaged_proper")
    return Record(job.key, {name: luck.random() for name in names}, [])


def followed(entries, seeds, luck) -> tuple[list[Job], list[bool]]:
    """Does one job at a time, picked at random, to the end; the jobs, and whether any race was still on."""
    records, jobs, searching = {}, [], []
    while not (state := course(entries, records, seeds)).finished:
        searching.append(any(race.chosen is None for race in state.races.values()))
        jobs.append(luck.choice(state.ready))
        records[jobs[-1].key] = ended(jobs[-1], luck)
    return jobs, searching


@given(
    st.lists(st.sampled_from([1, 2, 4, 8]), min_size=1, max_size=3),
    st.integers(1, 17),
    st.integers(2, 3),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_what_is_planned_is_what_is_spent(settings, epochs, folds, seeds, luck):
    entries = [entry(f"m{k}", count, epochs, folds, tuned=count > 1) for k, count in enumerate(settings)]
    jobs, searching = followed(entries, seeds, luck)
    for one in entries:
        mine = [job for job in jobs if job.method == one.name]
        on_folds = sum(job.until - job.start for job in mine if job.fold >= 0)
        on_all = sum(job.until for job in mine if job.fold < 0)
        per_fold, refitting = planned_epochs(one, seeds)
        assert (on_folds, on_all) == (per_fold * folds, refitting)
    # The test set is read after all choices are made, by anyone.
    assert [job.stage == "search" for job in jobs] == searching
    assert len({job.key for job in jobs}) == len(jobs)


def test_each_is_refitted_as_tuned_and_at_its_defaults_where_it_was_tuned():
    jobs, _ = followed([entry("a"), entry("b", settings=1, tuned=False)], 2, random.Random(0))
    stages = sorted((job.method, job.stage, job.seed) for job in jobs if job.fold < 0)
    assert stages == [
        ("a", "default", 500), ("a", "default", 501), ("a", "tuned", 500), ("a", "tuned", 501),
        ("b", "tuned", 500), ("b", "tuned", 501),
    ]  # fmt: skip
    assert {job.recipe.rule.lr for job in jobs if job.stage == "default"} == {0.01}


def test_more_seeds_ask_for_those_that_are_missing_alone():
    entries, records = [entry("a")], {}
    while not (state := course(entries, records, 2)).finished:
        records |= {job.key: ended(job, random) for job in state.ready}
    more = course(entries, records, 3)
    assert sorted((job.stage, job.seed) for job in more.ready) == [("default", 502), ("tuned", 502)]


@pytest.mark.parametrize(
    ("curves", "epochs"),
    [
        ([[3.0, 1.0, 2.0, 2.0], [3.0, 1.2, 1.0, 2.0]], 2),  # the mean: 3, 1.1, 1.5, 2
        ([[1.0, 3.0, 2.0, 0.0], [3.0, 0.5]], 2),  # as long as the shortest: 2, 1.75
        ([[math.nan, 2.0, 1.0, 3.0], [1.0, 2.0, 1.5, 3.0]], 3),
        ([[math.nan] * 4, [math.nan] * 4], 4),
        ([[], [1.0]], 4),
    ],
)
def test_where_runs_stop_early_the_mean_curve_chooses_how_long_the_refit_is(curves, epochs):
    one = entry("a", settings=1, epochs=4, tuned=False, stop=early_stopping())
    jobs = one.field.jobs(0, -1, 0)
    kept = {"score": 0.5, "proper": 0.5}
    records = {
        job.key: Record(job.key, kept, [{"proper": value} for value in curve])
        for job, curve in zip(jobs, curves, strict=True)
    }
    (refit,) = course([one], records, 1).ready
    assert (refit.until, refit.recipe.epochs, refit.recipe.stop) == (epochs, 4, None)


def test_the_cost_of_halving_by_hand():
    # 8 settings for 4 epochs, 4 for 4 more, 2 for 7 more: 62; and a loser that stood at 4 or at 8 goes on to 15.
    found, _ = planned_epochs(entry("a", settings=8, epochs=15), 1)
    assert found - 62 in (15 - 4, 15 - 8)
    assert {planned_epochs(entry(f"m{k}", 8, 15), 1)[0] - 62 for k in range(20)} == {11, 7}
    assert np.isclose(np.mean([planned_epochs(entry(f"m{k}", 8, 15), 1)[0] == 73 for k in range(300)]), 2 / 3, atol=0.1)
