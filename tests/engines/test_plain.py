"""The plain engine: what moves together moves as it would alone, and can be differentiated."""

import pytest
import torch

from ravine.engines.each import Each
from ravine.engines.plain import Parameter, Plain, step
from ravine.engines.row import Row
from ravine.engines.trace import symbolic
from ravine.rules import SGD, Adam, Average, Clip, Momentum, Nesterov, Noise


def parameter(number, value, count, rule):
    value = torch.tensor(value, dtype=torch.float64)
    state = {name: slot.begin(value) + 0.5 for name, slot in rule.slots().items()}
    return Parameter(number, value, torch.cos(value * (number + 1)), state, count)


@pytest.mark.parametrize("rule", [SGD(lr=0.1), Adam(lr=0.1), Average(Momentum(), decay=0.9), Noise(SGD(), eta=1.0)])
def test_parameters_step_together_as_each_does_alone(rule):
    made = [parameter(k, value, count=1 + k // 2, rule=rule) for k, value in enumerate(([1.0, 2.0], 3.0, []))]
    expected = [rule.step(one.value, one.gradient, dict(one.state), one.count, one.number) for one in made]
    before = [one.value.clone() for one in made]
    new = step(rule, made)
    for one, value, old, (p, state) in zip(made, new, before, expected, strict=True):
        torch.testing.assert_close(value, p, rtol=0, atol=1e-15)
        assert torch.equal(one.value, old)  # the caller decides where the new value goes
        assert list(one.state) == list(state)
        for name, slot in state.items():
            torch.testing.assert_close(one.state[name], slot, rtol=0, atol=1e-15)


def test_each_tensor_may_have_numbers_of_its_own():
    rule = SGD()
    object.__setattr__(rule, "lr", Each([1.0, 0.5]))
    made = [parameter(0, [1.0], 1, SGD()), parameter(1, [2.0], 1, SGD())]
    new = step(rule, made)
    for one, value, lr in zip(made, new, (1.0, 0.5), strict=True):
        assert torch.equal(value, one.value - lr * one.gradient)


def test_gradients_are_wanted_ahead_where_the_rule_looks_ahead():
    params, states = [torch.ones(2), torch.zeros(())], [{"v": torch.ones(2)}, {"v": torch.tensor(2.0)}]
    rows = [Row(k, 0, p, state, {"v": "v"}, None) for k, (p, state) in enumerate(zip(params, states, strict=True))]
    engine = Plain(symbolic(Clip(Nesterov(form="look-ahead"), norm=1.0)))
    ahead = engine.gradient_points(rows, [[{"momentum": 0.5}.get(name, 1.0) for name in engine.fields]])
    assert [point.tolist() for point in ahead] == [[1.5, 1.5], 1.0]
    bare = [Row(k, 0, p, {}, {}, None) for k, p in enumerate(params)]
    points = Plain(symbolic(SGD())).gradient_points(bare, [[0.1]])
    assert all(torch.equal(p, point) for p, point in zip(params, points, strict=True))


def test_a_step_on_many_tensors_is_differentiable():
    generator = torch.Generator().manual_seed(0)
    p, q, g, h = (torch.rand(2, generator=generator, dtype=torch.float64).add(0.5).requires_grad_() for _ in range(4))
    rule = Clip(Adam(lr=0.1), norm=0.3)

    def moved(p, q, g, h):
        state = [{"m": torch.full((2,), 0.3).double(), "v": torch.full((2,), 0.2).double()} for _ in range(2)]
        return tuple(step(rule, [Parameter(0, p, g, state[0], 2), Parameter(1, q, h, state[1], 3)]))

    assert torch.autograd.gradcheck(moved, (p, q, g, h))
