import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.ranges import log
from ravine.recipe import Recipe
from ravine.rules import SGD
from ravine.study.contenders import Contender
from ravine.study.job import Job
from ravine.study.plan import Field, race, rank, rungs
from ravine.study.record import Record


def a_field(settings=8, ends=(4, 8, 15), folds=2, name="sgd", seed=0, higher_is_better=True):
    contender = Contender(name, Recipe(SGD(lr=log(1e-4, 1e-1)), epochs=ends[-1]))
    values = [{"lr": 0.001 * (k + 1)} for k in range(settings)]
    return Field(contender, values, ends, folds, seed, higher_is_better)


def ended(job: Job, score: float, proper: float = 0.0, averaged: float | None = None) -> Record:
    averaged = score if averaged is None else averaged
    kept = {"score": score, "proper": proper, "averaged_score": averaged, "averaged_proper": proper}
    return Record(job.key, kept, [])


def raced(field: Field, score) -> tuple[list[list[Job]], dict[str, Record]]:
    """Runs whatever is missing until a setting is chosen; the jobs of each turn, and all records."""
    records: dict[str, Record] = {}
    turns = []
    while (state := race(field, records)).chosen is None:
        turns.append(state.missing)
        records |= {job.key: score(job) for job in state.missing}
    return turns, records


def tried(turn: list[Job]) -> list[int]:
    return sorted({job.setting for job in turn})


@pytest.mark.parametrize("seed", range(6))
def test_halving_keeps_the_better_half_at_each_rung(seed):
    # By hand. Means over the two folds at the first rung, by setting:
    first = dict(enumerate([0.5, 0.9, 0.6, 0.8, 0.1, 0.7, 0.2, 0.3]))  # the best four: 1, 3, 5, 2
    second = {1: 0.6, 3: 0.9, 5: 0.8, 2: 0.7}  # the best two: 3, 5
    last = {3: 0.91, 5: 0.95}

    def score(job):
        off = 0.05 if job.fold else -0.05  # cancels in the mean
        return ended(job, [first, second, last][job.rung].get(job.setting, 0.0) + off)

    field = a_field(seed=seed)
    turns, records = raced(field, score)
    assert [tried(turn) for turn in turns[:3]] == [list(range(8)), [1, 2, 3, 5], [3, 5]]
    state = race(field, records)
    assert (state.finalists, state.chosen) == ([3, 5], 5)
    assert [tried(turn) for turn in turns[3:]] == [[state.loser]]
    assert state.loser in {0, 4, 6, 7, 1, 2}
    reached = {0: 0, 4: 0, 6: 0, 7: 0, 1: 1, 2: 1, 3: 2, 5: 2}
    assert state.reached == reached
    assert {(job.start, job.until, job.loser) for job in turns[3]} == {(field.rungs[reached[state.loser]], 15, True)}


def test_a_random_loser_that_ends_best_is_chosen():
    field = a_field()
    turns, records = raced(field, lambda job: ended(job, 1.0 if job.loser else 0.5))
    state = race(field, records)
    assert state.chosen == state.loser
    assert state.chosen not in state.finalists


def test_rungs_are_judged_by_the_averaged_weights_and_the_end_by_the_raw_ones():
    field = a_field(settings=2, ends=(1, 2, 4))
    # Setting 0 has the better raw score at each rung, setting 1 the better average.
    turns, _ = raced(field, lambda job: ended(job, 1.0 - job.setting, averaged=float(job.setting)))
    assert tried(turns[1]) == [1]
    unhalved = a_field(settings=2, ends=(4,))
    _, records = raced(unhalved, lambda job: ended(job, 1.0 - job.setting, averaged=float(job.setting)))
    assert race(unhalved, records).chosen == 0


@pytest.mark.parametrize(("higher_is_better", "best"), [(True, 2), (False, 0)])
def test_ties_go_to_the_proper_score_and_then_to_the_first(higher_is_better, best):
    field = a_field(settings=4, ends=(4,), higher_is_better=higher_is_better)
    scores = [0.1, 0.5, 0.9, 0.9]
    _, records = raced(field, lambda job: ended(job, scores[job.setting], proper=1.0))
    assert race(field, records).chosen == best
    _, records = raced(field, lambda job: ended(job, 0.5, proper=[3.0, 2.0, 1.0, 1.0][job.setting]))
    assert race(field, records).chosen == 2


def test_a_score_that_is_no_number_comes_last():
    for higher_is_better in (True, False):
        field = a_field(settings=2, ends=(4,), higher_is_better=higher_is_better)
        _, records = raced(field, lambda job: ended(job, [math.nan, 0.1][job.setting]))
        assert race(field, records).chosen == 1
        assert rank(field, 0, -1, records)[0] == math.inf


def test_the_random_loser_is_the_same_at_every_look_and_any_of_those_dropped():
    def score(job):
        return ended(job, float(job.setting))

    losers = Counter()
    for seed in range(200):
        field = a_field(seed=seed, folds=2)
        _, records = raced(field, score)
        loser = race(field, records).loser
        assert loser == race(a_field(seed=seed), dict(reversed(records.items()))).loser
        losers[loser] += 1
    assert sorted(losers) == [0, 1, 2, 3, 4, 5]  # 6 and 7 are never dropped
    expected = 200 / 6
    assert sum((count - expected) ** 2 / expected for count in losers.values()) < 20.5  # chi-square, 5: 99.9 %


def test_contenders_draw_their_losers_apart():
    drawn = {a_field(name=name).loser_place for name in ("sgd", "momentum", "adam", "adamw", "rmsprop", "adagrad")}
    assert len(drawn) > 1


def test_without_halving_there_is_one_rung_and_no_loser():
    turns, records = raced(a_field(ends=(15,)), lambda job: ended(job, float(job.setting)))
    assert len(turns) == 1
    state = race(a_field(ends=(15,)), records)
    assert (state.loser, state.chosen, state.finalists) == (None, 7, list(range(8)))


@given(st.integers(1, 200), st.sampled_from([1, 2, 4, 8, 16]), st.booleans())
def test_rungs_rise_to_the_last_epoch(epochs, settings, halving):
    found = rungs(epochs, settings, halving)
    assert found[-1] == epochs
    assert list(found) == sorted(set(found))
    assert found[0] >= 1
    if halving and settings > 1 and epochs >= 3:
        assert found == (math.ceil(epochs / 4), math.ceil(epochs / 2), epochs)
    if not halving or settings == 1:
        assert found == (epochs,)


@given(st.sampled_from([1, 2, 4, 8, 16]), st.integers(1, 20), st.randoms(use_true_random=False))
def test_a_race_ends_whatever_the_scores(settings, epochs, random):
    field = a_field(settings=settings, ends=rungs(epochs, settings, True), folds=2)
    turns, records = raced(field, lambda job: ended(job, random.choice([0.0, 0.5, 1.0])))
    jobs = [job for turn in turns for job in turn]
    assert len({job.key for job in jobs}) == len(jobs) == len(records)  # nothing is trained twice
    for job in jobs:
        assert (job.start == 0) or job.before in records  # every stretch goes on from one that has ended
    state = race(field, records)
    assert state.missing == []
    assert len(state.finalists) == max(1, settings // 2 ** (len(field.rungs) - 1))


def test_all_settings_meet_the_same_luck_on_a_fold():
    field = a_field(seed=3)
    other = a_field(seed=3, name="adam")
    seeds = {(job.fold, job.seed) for f in (field, other) for s in range(8) for job in f.jobs(s, 0, 0)}
    assert seeds == {(0, 3000), (1, 3001)}
