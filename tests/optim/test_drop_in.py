"""Drop-ins beside PyTorch's own: arguments, numbers, words, groups and states."""

import inspect
from functools import partial

import pytest
import torch

import ravine.optim
from ravine.errors import RavineError

from .torch_cases import (
    CASES,
    DEFAULTS,
    NAMES,
    Case,
    OptimizerErrorEnum,
    errors,
    farthest,
    leaves,
    named,
    put,
    recorded,
    start,
    walk,
)

TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}
ROUNDINGS = {"NAdam": 2}
"""PyTorch's NAdam adds to the parameter twice a step, and rounds it twice; all others once."""


@pytest.mark.parametrize("name", NAMES)
def test_the_arguments_are_pytorchs_and_engine(name):
    theirs = inspect.signature(getattr(torch.optim, name)).parameters.values()
    *ours, last = inspect.signature(getattr(ravine.optim, name)).parameters.values()
    assert [(p.name, p.default, p.kind) for p in ours] == [(p.name, p.default, p.kind) for p in theirs]
    assert (last.name, last.default, last.kind) == ("engine", "auto", inspect.Parameter.KEYWORD_ONLY)


@pytest.mark.usefixtures("double", "without_bfloat16")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_every_input_that_pytorch_tests_walks_as_pytorchs_own_over_100_steps(case, dtype):
    begin = start(case, dtype)
    ours, theirs = leaves(begin), leaves(begin)
    mine, other = case.ours(ours), case.theirs(theirs)
    for t, grads in enumerate(recorded(begin, 100)):
        put(ours, grads)
        put(theirs, grads)
        mine.step()
        other.step()
        assert farthest(ours, theirs) <= ROUNDINGS.get(case.name, 1) * TOLERANCE[dtype], t
    assert all(g is None or torch.equal(p.grad, g) for p, g in zip(ours, grads, strict=True))


def test_muon_iterates_in_bfloat16_as_pytorchs_does():
    walks = []
    for home in (ravine.optim, torch.optim):
        p = torch.zeros(3, 5, dtype=torch.float64, requires_grad=True)
        p.grad = torch.randn(3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        home.Muon([p], lr=1.0).step()
        walks.append(p.detach())
        assert torch.equal(p, p.bfloat16().double())
    assert torch.equal(*walks)


@pytest.mark.parametrize("case", [case for case in CASES if case.name == "Muon"], ids=named)
def test_muon_in_bfloat16_is_pytorchs_but_for_its_rounding(case):
    begin = start(case, torch.float32)
    ours, theirs = leaves(begin), leaves(begin)
    mine, other = case.ours(ours), case.theirs(theirs)
    walk(mine, ours, recorded(begin, 100))
    walk(other, theirs, recorded(begin, 100))
    lr = float(mine.param_groups[0]["lr"])
    assert farthest(ours, theirs) <= 5 * lr  # of 100 steps, each of entries up to lr


@pytest.mark.parametrize("case", [*CASES, *DEFAULTS], ids=named)
def test_groups_and_states_have_pytorchs_keys_and_tensors_of_its_kind(case):
    begin = start(case, torch.float32)
    ours, theirs = leaves(begin), leaves(begin)
    mine, other = case.ours(ours), case.theirs(theirs)
    for steps in (0, 2):  # Adagrad has its state before the first step
        walk(mine, ours, recorded(begin, steps))
        walk(other, theirs, recorded(begin, steps))
        (own,), (group,) = mine.state_dict()["param_groups"], other.state_dict()["param_groups"]
        assert list(own) == list(group)
        assert own | {"capturable": None} == group | {"capturable": None}
        held = mine.state_dict()["state"]
        if case.kwargs.get("dampening"):  # what PyTorch tells from a missing buffer
            assert all(state.pop("step").item() == steps for state in held.values())
        expected = other.state_dict()["state"]
        assert set(held) == set(expected)
        for k in held:
            assert {n: kind(x, n) for n, x in held[k].items()} == {n: kind(x, n) for n, x in expected[k].items()}


def kind(x, name):
    dtype = None if name == "mu_product" else x.dtype  # in double here
    return type(x), dtype, x.shape, x.requires_grad


@pytest.mark.parametrize("name", NAMES)
def test_what_pytorch_refuses_is_refused_in_its_words(name):
    for error in errors(name):
        case = error.optimizer_error_input
        params = [torch.nn.Parameter(torch.randn(1, 1))] if case.params is None else case.params
        said = []
        for home in (torch.optim, ravine.optim):
            with pytest.raises(error.error_type, match=error.error_regex) as refusal:  # noqa: PT012 - either line may
                optimizer = getattr(home, name)(params, **case.kwargs)
                assert error.error_on is OptimizerErrorEnum.STEP_ERROR
                params[0].grad = torch.ones_like(params[0])
                optimizer.step()
            said.append(str(refusal.value))
        assert said[0] == said[1]


WRONG = [
    ("SGD", {"lr": -0.1}, "Invalid learning rate: -0.1"),
    ("SGD", {"weight_decay": -1}, "Invalid weight_decay value: -1"),
    ("SGD", {"nesterov": True}, "Nesterov momentum requires a momentum and zero dampening"),
    (
        "SGD",
        {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
        "Nesterov momentum requires a momentum and zero dampening",
    ),
    ("SGD", {"foreach": True, "fused": True}, "`fused` and `foreach` cannot be `True` together."),
    ("SGD", {"differentiable": True, "fused": True}, "`fused` does not support `differentiable`"),
    ("Adagrad", {"initial_accumulator_value": -1.0}, "Invalid initial_accumulator_value value: -1.0"),
    ("Adadelta", {"eps": -1.0}, "Invalid epsilon value: -1.0"),
    ("Adadelta", {"rho": -0.5}, "Invalid rho value: -0.5"),
    ("RMSprop", {"alpha": -0.5}, "Invalid alpha value: -0.5"),
    ("Adam", {"betas": (0.5, float("nan"))}, "Invalid beta parameter at index 1: nan"),
    ("Adam", {"lr": torch.ones(2)}, "Tensor lr must be 1-element"),
    ("AdamW", {"eps": -1}, "Invalid epsilon value: -1"),
    ("Muon", {"lr": -0.5}, "Learning rate should be >= 0 but is: -0.5"),
    ("Muon", {"momentum": -0.5}, "momentum should be >= 0 but is: -0.5"),
    ("Muon", {"weight_decay": -0.5}, "weight decay should be >= 0 but is: -0.5"),
]


@pytest.mark.parametrize(("name", "kwargs", "sentence"), WRONG)
def test_other_bad_hyperparameters_are_refused_in_pytorchs_words_too(name, kwargs, sentence):
    p = torch.ones(1, 1, requires_grad=True)
    with pytest.raises((ValueError, RuntimeError)) as theirs:
        getattr(torch.optim, name)([p], **kwargs)
    with pytest.raises(type(theirs.value)) as ours:
        getattr(ravine.optim, name)([p], **kwargs)
    assert str(theirs.value) == str(ours.value) == sentence
    assert isinstance(ours.value, RavineError)


def test_what_muon_refuses_only_when_it_steps_is_refused_at_the_door():
    p = torch.ones(1, 1, requires_grad=True)
    p.grad = torch.ones(1, 1)
    for kwargs in ({"ns_steps": 100}, {"ns_coefficients": (1.0, 2.0)}):
        with pytest.raises(ValueError, match="Number of steps must|Coefficients must") as theirs:
            torch.optim.Muon([p], **kwargs).step()
        with pytest.raises(RavineError) as ours:
            ravine.optim.Muon([p], **kwargs)
        assert str(ours.value) == str(theirs.value)


def test_an_engine_that_is_not_there_or_not_differentiable_is_refused():
    p = torch.ones(1, requires_grad=True)
    with pytest.raises(RavineError, match="plain, native or triton. Did you mean 'native'"):
        ravine.optim.Adam([p], engine="nativ")
    with pytest.raises(RavineError, match="differentiable=True goes by the plain engine"):
        ravine.optim.Adam([p], differentiable=True, engine="native")


def test_the_engine_may_be_asked_and_the_rule_too():
    params = [torch.ones(2, 3), torch.ones(3)]
    optimizer = ravine.optim.Adam(params, lr=0.5, weight_decay=0.1, maximize=True, engine="plain")
    assert [str(choice) for choice in optimizer.engines] == ["plain, for 2 tensors with 9 elements: asked for"]
    optimizer.param_groups[0]["betas"] = (0.5, 0.75)
    assert repr(optimizer.rule) == ("Maximize(Decay(Adam(lr=0.5, beta1=0.5, beta2=0.75), l2=0.1, through='gradient'))")
    assert [choice.engine for choice in ravine.optim.Adam(params).engines] == ["native"]
    assert [repr(getattr(ravine.optim, name)(params[:1]).rule) for name in ("SGD", "RMSprop", "NAdam")] == [
        "SGD(lr=0.001)",
        "RMSprop()",
        "NAdam()",
    ]  # no decay is no wrapper, not one of 0


@pytest.mark.parametrize("foreach", [None, False, True])
def test_pytorchs_engines_may_be_named_and_decide_nothing(foreach):
    ours, theirs = (torch.ones(3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    mine = ravine.optim.Adam([ours], lr=0.1, foreach=foreach, fused=None if foreach else True)
    other = torch.optim.Adam([theirs], lr=0.1)
    sequence = recorded([ours.detach()] * 2, 5)
    walk(mine, [ours], [g[:1] for g in sequence])
    walk(other, [theirs], [g[:1] for g in sequence])
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-14)
    assert mine.engines[0].engine == "native"


@pytest.mark.parametrize("engine", ["plain", "native"])
def test_a_parameter_listed_twice_is_warned_of_and_steps_twice_as_in_pytorch(engine):
    ours, theirs = (torch.ones(3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    walks = []
    for p, make in ((ours, partial(ravine.optim.Adam, engine=engine)), (theirs, torch.optim.Adam)):
        with pytest.warns(UserWarning, match="a parameter group with duplicate parameters"):
            optimizer = make([p, p], lr=0.1, weight_decay=0.1)
        for t in range(5):
            p.grad = torch.sin(p.detach() + t)
            optimizer.step()
        walks.append((p.detach(), optimizer.state[p]["step"]))
    assert walks[0][1] == walks[1][1] == 10
    torch.testing.assert_close(walks[0][0], walks[1][0], rtol=0, atol=1e-12)


def test_a_case_says_how_it_was_made():
    assert str(Case("SGD", {"lr": 0.1})) == "SGD(lr=0.1)"
