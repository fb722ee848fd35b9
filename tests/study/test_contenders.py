from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import qmc
from torch import nn

from ravine.data.objectives import label_smoothing
from ravine.data.penalties import l2
from ravine.errors import RavineError
from ravine.layers import dropout
from ravine.part import meanings
from ravine.ranges import choice, integers, log, near_one, uniform
from ravine.recipe import Recipe
from ravine.rules import METHODS, SGD, Adam, AdamW, Average, Clip, Momentum, Muon, Split
from ravine.schedules import cosine, warmup
from ravine.study.contenders import TAKEN, Contender, at_defaults, settings, under_cosine, with_default_ranges


def network(width=12, depth=2, *, drop):
    return nn.Sequential(nn.Linear(width, depth), nn.Dropout(drop))


def contender(rule, **arguments):
    return Contender("one", Recipe(rule), arguments)


LR, BETA = log(1e-4, 1e-1), near_one(0.9, 0.999)


NORM, BATCH = log(0.1, 10), choice((16, 32))


@pytest.mark.parametrize(
    ("made", "names"),
    [
        (contender(SGD(lr=0.1)), []),
        (contender(SGD(lr=LR)), ["lr"]),
        (contender(Adam(lr=LR, beta1=BETA)), ["lr", "beta1"]),
        (contender(Adam(lr=cosine(LR))), ["lr"]),
        (contender(Adam(lr=warmup(0.05).then(cosine(LR)))), ["lr"]),
        (contender(Adam(lr=cosine(LR, end=log(1e-6, 1e-5)))), ["lr", "rule.lr.end"]),
        (contender(Clip(Adam(lr=LR), norm=NORM)), ["lr", "clip_norm"]),
        (contender(Average(Clip(SGD(lr=LR), norm=NORM), decay=BETA)), ["lr", "clip_norm", "average_decay"]),
        (contender(SGD(lr=LR), width=integers(4, 8), drop=uniform(0, 0.5)), ["lr", "width", "drop"]),
        (Contender("one", Recipe(SGD(lr=LR), batch_size=BATCH)), ["lr", "batch_size"]),
        (Contender("one", Recipe(SGD(lr=LR)), {"lr": LR, "steps": LR}), ["lr", "model.lr", "model.steps"]),
    ],
)
def test_every_searched_field_has_a_name_of_its_own(made, names):
    assert sorted(made.searched) == sorted(names)
    assert made.searched.keys().isdisjoint(TAKEN)


def test_values_go_where_their_names_say():
    made = contender(Average(Clip(Adam(lr=cosine(LR, end=log(1e-6, 1e-5))), norm=log(0.1, 10))), width=integers(4, 8))
    values = {"lr": 0.5, "rule.rule.rule.lr.end": 0.25, "clip_norm": 2.0, "width": 7}
    settled = made.at(values)
    assert settled.recipe == Recipe(Average(Clip(Adam(lr=cosine(0.5, end=0.25)), norm=2.0)))
    assert settled.arguments == {"width": 7}
    assert settled.searched == {}
    assert made.searched.keys() == values.keys()  # the first stays as it was


def test_the_defaults_are_the_textbook_s():
    made = contender(Adam(lr=cosine(LR), beta1=BETA), width=integers(4, 8), depth=choice((1, 2)))
    found = at_defaults(made, network)
    assert found.recipe == Recipe(Adam(lr=cosine(1e-3), beta1=0.9))
    assert found.arguments == {"width": 12, "depth": 2}


def test_a_part_s_own_field_has_its_own_default_or_none():
    smoothed = Contender("smoothed", Recipe(Adam(lr=LR), loss=label_smoothing(uniform(0.0, 0.3))))
    assert at_defaults(smoothed, network).recipe == Recipe(Adam(lr=1e-3), loss=label_smoothing(0.1))
    assert at_defaults(Contender("none", Recipe(Adam(lr=LR), penalties=l2(log(1e-5, 1e-2)))), network) is None
    assert at_defaults(Contender("none", Recipe(Adam(lr=LR), layers=dropout(uniform(0.0, 0.5)))), network) is None


def test_a_schedule_s_own_field_falls_back_to_the_schedule_s_default():
    found = at_defaults(contender(Adam(lr=cosine(LR, end=log(1e-6, 1e-5)))), network)
    assert found.recipe.rule == Adam(lr=cosine(1e-3, end=0.0))


@pytest.mark.parametrize(
    "made", [contender(SGD(lr=0.1)), contender(SGD(lr=0.1), drop=uniform(0, 0.5)), contender(SGD(), other=LR)]
)
def test_without_a_default_for_all_that_is_searched_there_is_no_run_at_the_defaults(made):
    assert at_defaults(made, network) is None


def test_sobol_points_are_scipys_and_the_same_for_as_many_fields():
    one, other = contender(Adam(lr=LR, beta1=BETA)), contender(Momentum(lr=log(1e-2, 1), momentum=near_one(0.5, 0.99)))
    points = qmc.Sobol(2, scramble=True, rng=np.random.default_rng(7)).random(8)
    for made in (one, other):
        (lr, lr_range), (memory, memory_range) = ((name, range_) for name, (_, range_) in made.searched.items())
        found = settings(made, 8, "sobol", 7)
        for setting, (u, w) in zip(found, points.tolist(), strict=True):
            assert setting[lr] == float(f"{lr_range.at(u):.4g}")  # four digits, as a person copies them
            assert 1 - setting[memory] == pytest.approx(1 - memory_range.at(w), rel=5e-4)
            assert len(str(setting[memory])) <= 8


def test_a_memory_is_tried_to_four_digits_of_its_distance_to_one():
    memories = [s["beta1"] for s in settings(contender(Adam(beta1=near_one(0.5, 0.99999))), 64, "sobol", 0)]
    for memory in memories:
        distance = 1 - Decimal(repr(memory))
        assert len(distance.normalize().as_tuple().digits) <= 4
    assert len(set(memories)) == 64
    assert 0.5 <= min(memories) < max(memories) <= 0.99999


def test_another_seed_meets_other_points_and_the_same_seed_the_same():
    made = contender(Adam(lr=LR))
    assert settings(made, 4, "sobol", 1) == settings(made, 4, "sobol", 1)
    assert settings(made, 4, "sobol", 1) != settings(made, 4, "sobol", 2)


def test_sobol_s_points_have_one_in_each_half_quarter_and_eighth():
    values = [s["lr"] for s in settings(contender(SGD(lr=log(1e-4, 1e4))), 8, "sobol", 3)]
    octaves = [int((np.log10(value) + 4) // 1) for value in values]  # eight decades, eight points
    assert sorted(octaves) == list(range(8))


def test_a_grid_reaches_the_ends_and_gives_the_step_size_the_finer_steps():
    one = settings(contender(SGD(lr=log(1e-4, 1e-1))), 4, "grid", 0)
    assert [s["lr"] for s in one] == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1], rel=1e-12)
    assert (one[0]["lr"], one[-1]["lr"]) == (1e-4, 1e-1)
    two = settings(contender(Momentum(lr=log(1e-4, 1e-1), momentum=uniform(0, 0.9))), 8, "grid", 0)
    assert sorted({s["momentum"] for s in two}) == [0.0, 0.9]
    assert len({s["lr"] for s in two}) == 4
    assert len({tuple(s.values()) for s in two}) == 8


def test_a_grid_of_more_fields_than_doublings_holds_the_rest_in_the_middle():
    made = contender(Adam(lr=uniform(0, 1), beta1=uniform(0, 0.5), beta2=uniform(0, 0.5)))
    found = settings(made, 2, "grid", 0)
    assert [s["lr"] for s in found] == [0.0, 1.0]
    assert {(s["beta1"], s["beta2"]) for s in found} == {(0.25, 0.25)}


@pytest.mark.parametrize("search", ["sobol", "grid"])
def test_no_setting_lies_outside_its_range(search):
    made = contender(Adam(lr=LR, beta1=BETA), width=integers(4, 8), depth=choice((1, 2, 3)))
    for setting in settings(made, 64, search, 0):
        assert 1e-4 <= setting["lr"] <= 1e-1
        assert 0.9 <= setting["beta1"] <= 0.999
        assert setting["width"] in range(4, 9)
        assert setting["depth"] in (1, 2, 3)


def test_nothing_searched_is_one_setting():
    assert settings(contender(SGD(lr=0.1)), 8, "sobol", 0) == [{}]


@pytest.mark.parametrize("kind", METHODS.values())
def test_every_method_is_searched_where_its_fields_say_so(kind):
    made = with_default_ranges(kind)
    for name, known in meanings(kind).items():
        assert getattr(made, name) == (known.search if known.searched else getattr(kind(), name))
    assert 1 <= len(contender(made).searched) <= 2


def test_a_rule_around_a_rule_has_to_be_written_out():
    with pytest.raises(RavineError, match=r"--methods Clip: rule must be given: write Clip\(Adam\(\)\)"):
        with_default_ranges(Clip)
    with pytest.raises(RavineError, match=r"^--methods Muon: it .* alone; write Split\(Muon\(\), AdamW\(\)\),"):
        with_default_ranges(Muon)


def test_only_an_lr_without_a_schedule_gets_one():
    assert under_cosine(AdamW(lr=0.5)) == AdamW(lr=cosine(0.5))
    assert under_cosine(Clip(AdamW(lr=LR), norm=1.0)) == Clip(AdamW(lr=cosine(LR)), norm=1.0)
    both = under_cosine(Clip(Split(Muon(), AdamW(lr=LR)), norm=1.0))
    assert both == Clip(Split(Muon(lr=cosine(1e-3)), AdamW(lr=cosine(LR))), norm=1.0)
    assert under_cosine(Split(SGD(lr=warmup(0.1)), SGD())) == Split(SGD(lr=warmup(0.1)), SGD(lr=cosine(0.01)))
    assert under_cosine(AdamW(lr=warmup(0.1))) == AdamW(lr=warmup(0.1))
