import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.verdict import Verdict, judge, reservation, sentences


def runs(
    seed: int = 0, gains: tuple[float, ...] = (0.0, 0.1, 0.2), seeds: int = 5, examples: int = 150
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=(1, examples))
    return {
        f"m{k}": gain + hard + 0.3 * rng.normal(size=(seeds, examples)) + 0.02 * rng.normal(size=(seeds, 1))
        for k, gain in enumerate(gains)
    }


def ends(verdict: Verdict) -> list[tuple[float, ...]]:
    return [(p.effect, p.low, p.high, p.alone_low, p.alone_high) for p in verdict.pairs]


def test_a_clear_difference_is_found_and_every_probability_points_its_way():
    verdict = judge(runs(gains=(0.0, 0.5)), higher_is_better=True)
    (pair,) = verdict.pairs
    assert verdict.conclusion("m1", "m0") == "better"
    assert verdict.conclusion("m0", "m1") == "worse"
    assert pair.effect == pytest.approx(-0.5, abs=0.05)
    assert pair.low < pair.alone_low + 1e-12 <= pair.effect <= pair.alone_high - 1e-12 < pair.high
    assert pair.p_expected < 0.001
    assert pair.p_next < 0.01
    assert verdict.of("m1").p_best > 0.999


def test_a_loss_beyond_all_measure_is_worse_and_breaks_nothing():
    tame = runs(gains=(0.0,))["m0"]
    verdict = judge({"tame": tame, "wild": 1e29 * (2 + np.zeros_like(tame))}, higher_is_better=False)
    assert verdict.conclusion("wild", "tame") == "worse"
    assert verdict.of("tame").p_best > 0.999
    assert all(np.isfinite(ends(verdict)[0]))


def test_a_leader_that_loses_by_the_proper_score_is_said_to():
    losses = {name: -scores for name, scores in runs(gains=(0.0, 0.5, 0.6)).items()}
    verdict = judge(losses, higher_is_better=False)
    show = "{:.1f}".format
    means = {one.name: show(one.mean) for one in verdict.methods}
    assert reservation(verdict, "log loss", "m0", show) == [
        f"But by test log loss m0 is worse than m1 and m2: {means['m0']}, and {means['m2']} for m2."
    ]
    assert reservation(verdict, "log loss", "m2", show) == []


def test_lower_is_better_turns_conclusions_and_leaves_effects():
    high = judge(runs(), higher_is_better=True)
    low = judge(runs(), higher_is_better=False)
    assert [e[0] for e in ends(low)] == pytest.approx([e[0] for e in ends(high)])
    assert low.of("m0").p_best > 0.5 > low.of("m2").p_best
    assert high.of("m2").p_best > 0.5 > high.of("m0").p_best


@settings(max_examples=15)
@given(shift=st.floats(-100, 100), factor=st.floats(0.01, 100), order=st.permutations(["m0", "m1", "m2"]))
def test_units_and_order_change_nothing(shift: float, factor: float, order: list[str]):
    plain = judge(runs(), higher_is_better=True)
    moved = judge({name: shift + factor * runs()[name] for name in order}, higher_is_better=True)
    for pair in moved.pairs:
        twin = next(p for p in plain.pairs if {p.first, p.second} == {pair.first, pair.second})
        sign = 1 if twin.first == pair.first else -1
        assert pair.effect == pytest.approx(sign * factor * twin.effect, rel=1e-6, abs=1e-9 * factor)
        assert pair.high - pair.low == pytest.approx(factor * (twin.high - twin.low), rel=1e-6)
        assert moved.conclusion(pair.first, pair.second) == plain.conclusion(pair.first, pair.second)
        stated = twin.p_expected if sign == 1 else 1 - twin.p_expected
        assert pair.p_expected == pytest.approx(stated, abs=0.03)  # other draws for another order


def test_best_is_one_methods_and_ties_share_it():
    verdict = judge(runs(gains=(0.0, 0.0, 0.0, 0.0)), higher_is_better=True)
    assert sum(method.p_best for method in verdict.methods) == pytest.approx(1.0)
    same = runs()["m0"]
    twins = judge({"a": same, "b": same, "c": same - 1.0}, higher_is_better=True)
    assert twins.of("a").p_best == pytest.approx(0.5, abs=0.03)
    assert twins.conclusion("a", "b") == "undecided"
    assert twins.conclusion("a", "c") == "better"


def test_nothing_collapses_where_nothing_varies():
    perfect = np.ones((5, 100))
    verdict = judge({"a": perfect, "b": perfect, "c": perfect}, higher_is_better=True)
    for pair in verdict.pairs:
        assert pair.low < 0 < pair.high
        assert pair.conclusion == "undecided"
        assert pair.p_expected == pytest.approx(0.5, abs=0.02)
    method = verdict.of("a")
    assert method.low < 1.0 == method.high
    one_miss = perfect.copy()
    one_miss[:, 0] = 0
    assert judge({"a": perfect, "b": one_miss}, higher_is_better=True).conclusion("a", "b") == "undecided"


def test_one_seed_says_what_examples_tell():
    verdict = judge(runs(gains=(0.0, 0.5), seeds=1), higher_is_better=True)
    assert verdict.conclusion("m1", "m0") == "better"
    assert np.isnan(verdict.of("m0").spread)


def test_what_does_not_matter_is_equal_and_only_where_a_bound_is_named():
    close = runs(gains=(0.0, 0.01), examples=2000)
    assert judge(close, higher_is_better=True, matters=0.5).pairs[0].conclusion == "equal"
    assert judge(close, higher_is_better=True).pairs[0].conclusion != "equal"


def test_an_open_pair_says_what_would_settle_it():
    verdict = judge(runs(gains=(0.0, 0.02), examples=100), higher_is_better=True)
    (pair,) = verdict.pairs
    assert pair.conclusion == "undecided"
    assert "would" in pair.settle
    assert "factor of 10" in pair.settle or "by less than any practical number" in pair.settle


def test_the_sentences_name_leader_score_and_doubt():
    verdict = judge(runs(gains=(0.0, 0.0, 3.0)), higher_is_better=True)
    first, second = sentences(verdict, "score", "m2", lambda x: f"{x:.2f}")
    assert first.startswith("m2 wins the cross-validation; its expected test score is")
    assert second.startswith("It is better than m0 and m1 on 150 test examples and five seeds")
    open_ = judge(runs(gains=(0.0, 0.0)), higher_is_better=True)
    assert sentences(open_, "score", "m0", str)[1].startswith("The other cannot be told from it")
