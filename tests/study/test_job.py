import numpy as np

from ravine.recipe import Recipe, early_stopping
from ravine.rules import SGD
from ravine.study.contenders import Contender
from ravine.study.job import REFIT, refits

from .test_plan import a_field


def test_refits_have_fresh_seeds_all_training_data_and_the_full_schedule():
    contender = Contender("adam", Recipe(SGD(lr=0.1), epochs=15, stop=early_stopping()))
    jobs = refits(contender, "tuned", 4, {"lr": 0.1}, 9, 3, 7)
    assert [job.seed for job in jobs] == [7000 + REFIT, 7001 + REFIT, 7002 + REFIT]
    assert {job.fold for job in jobs} == {-1}
    assert {(job.recipe.stop, job.recipe.epochs, job.until) for job in jobs} == {(None, 15, 9)}
    more = refits(contender, "tuned", 4, {"lr": 0.1}, 9, 5, 7)
    assert more[:3] == jobs  # adding seeds leaves those that were there


def test_a_job_goes_on_from_the_one_before_it():
    field = a_field()
    first, second = field.jobs(2, 0, 0)[1], field.jobs(2, 1, 4)[1]
    assert second.before == first.key
    assert np.unique([job.key for s in range(8) for job in field.jobs(s, 0, 0)]).size == 16
