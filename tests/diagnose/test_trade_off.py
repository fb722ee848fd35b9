import numpy as np
import pytest

from ravine.diagnose.members import bias_variance
from ravine.diagnose.trade_off import trade_off
from ravine.errors import RavineError
from ravine.ranges import choice, integers, log

from .cases import SHORT, blobs, waves

PENALTY = "Recipe(Decay(Momentum(lr=0.05), l2=choice((0.0, 0.1, 3.0))), epochs=15, batch_size=8)"


def test_each_value_is_a_decomposition_of_its_own_on_the_same_samples():
    found = trade_off(waves(), SHORT, arguments={"width": choice((1, 6))}, members=3, workers=1, seed=2)
    for value, one in zip(found.values, found.parts, strict=True):
        alone = bias_variance(waves(), SHORT, arguments={"width": value}, members=3, workers=1, seed=2)
        assert one.parts.table().equals(alone.parts.table())
        assert one.arguments == {"width": value}
    table = found.table()
    assert table.width.tolist() == [1, 6]
    assert table.bias.tolist() == [term.value for term in found.terms("bias")]


def test_a_penalty_trades_variance_for_bias():
    found = trade_off(waves(120), PENALTY, arguments={"width": 8}, members=10, workers=1)
    bias, variance = ([term.value for term in found.terms(name)] for name in ("bias", "variance"))
    assert bias[0] < bias[2]
    assert variance[0] > variance[2] > 0
    first = found.sentences()[0]
    assert first.startswith("From decay_l2=0.0 to 3.0, bias grows from ")
    assert "variance falls from" in first
    assert f"smallest at decay_l2={found.values[found.best]}" in found.sentences()[1]
    assert found.best == np.argmin([term.value for term in found.terms("error")])


def test_a_difference_within_chance_is_called_none():
    found = trade_off(waves(), SHORT, arguments={"width": choice((4, 5))}, members=6, workers=1)
    assert "bias shows no difference" in found.sentences()[0]


@pytest.mark.parametrize(
    ("range_", "values", "logarithmic"),
    [
        (log(1e-4, 1e-1), (1e-4, 0.001, 0.01, 0.1), True),
        (integers(1, 3), (1, 2, 3), False),
        (choice((2, 4, 8, 16)), (2, 4, 8, 16), True),
        (choice((2, 3)), (2, 3), False),
    ],
)
def test_values_are_spread_over_the_range(range_, values, logarithmic):
    field = "lr" if isinstance(range_, log) else "width"
    recipe = f"Recipe(SGD(lr={range_!r}), epochs=1)" if field == "lr" else "Recipe(SGD(lr=0.01), epochs=1)"
    arguments = {} if field == "lr" else {"width": range_}
    found = trade_off(waves(), recipe, arguments=arguments, points=4, members=2, workers=1)
    assert (found.field, found.values, found.logarithmic) == (field, values, logarithmic)


def test_a_range_of_the_tasks_own_is_taken():
    task = waves(model_arguments={"width": choice((1, 2))})
    assert trade_off(task, SHORT, members=2, workers=1).field == "width"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: trade_off(waves(), SHORT), "needs exactly one field that holds a range, got none"),
        (lambda: trade_off(waves(), "Adam(lr=log(0.1, 1), eps=log(0.1, 1))"), "exactly one .* got lr, eps"),
        (lambda: trade_off(waves(), "Adam(lr=log(0.1, 1))", points=1), "points=1 must be a whole number"),
        (lambda: trade_off(blobs(), "adam"), "write a rule such as Adam"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(call, sentence):
    with pytest.raises(RavineError, match=sentence) as told:
        call()
    assert "\n" not in str(told.value)
