"""What every rule must do, over one table of all rules in all their forms."""

import itertools
import re

import pytest
import torch

from ravine.engines.each import Each
from ravine.errors import RavineError
from ravine.part import leaves, meanings, substitute
from ravine.ranges import log
from ravine.rules import (
    METHODS,
    RULES,
    SGD,
    WRAPPERS,
    Adam,
    AdamW,
    Average,
    ByDepth,
    Clip,
    Decay,
    Maximize,
    Muon,
    Noise,
    Rule,
    Split,
    WeightNoise,
    Wrapper,
)
from ravine.study.options import DEFAULT_METHODS
from ravine.text import read

from .cases import DESCENDING, TWINS, Walker, begun, descend, follow, recorded, starts

AROUND = set(WRAPPERS.values())
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}
FIELDS = [
    (rule, name, known)
    for rule in RULES.values()
    for name, known in meanings(rule).items()
    if known.interval is not None
]


def made(rule: type[Rule], **fields: object) -> Rule:
    """A rule of a class, around SGD if it needs one."""
    if rule is Clip and not fields.keys() & {"value", "norm"}:
        fields["norm"] = 1.0
    inside = (SGD(), SGD())[: 2 if rule is Split else issubclass(rule, Wrapper)]
    return rule(*inside, **fields)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("rule", "twin"), TWINS, ids=lambda value: repr(value) if isinstance(value, Rule) else "")
def test_agrees_with_pytorch_over_100_steps_on_one_recorded_sequence(rule, twin, dtype):
    params = starts(dtype)
    sequence = recorded(params, 100)
    walker = Walker(rule, list(params))
    for grads in sequence:
        walker.step(grads)
    assert walker.counts == [100, 87, 100, 100, 100]
    for ours, theirs in zip(walker.params, follow(twin, params, sequence), strict=True):
        assert ours.dtype == dtype
        assert ours.shape == theirs.shape
        assert torch.all((ours - theirs).abs() <= TOLERANCE[dtype] * theirs.abs().clamp(min=1))


@pytest.mark.parametrize(("rule", "twin"), TWINS, ids=lambda value: repr(value) if isinstance(value, Rule) else "")
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_does_with_gradients_that_are_no_numbers_what_pytorch_does(rule, twin, bad):
    params = [torch.ones(2, 2, dtype=torch.float64)]
    sequence = [[torch.full((2, 2), 0.1 * t, dtype=torch.float64)] for t in range(1, 8)]
    sequence[3][0][0, 1] = bad
    walker = Walker(rule, list(params))
    for grads in sequence:
        walker.step(grads)
    theirs = follow(twin, params, sequence)[0]
    assert not theirs[0, 1].isfinite()
    torch.testing.assert_close(walker.params[0], theirs, rtol=0, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("rule", DESCENDING, ids=repr)
def test_finds_the_bottom_of_a_parabola(rule):
    bottom = torch.tensor([1.0, -2.0], dtype=torch.float64)
    assert torch.linalg.vector_norm(descend(rule) - bottom) < 0.02


def test_every_rule_is_in_the_table():
    inside = [leaves(rule, lambda part: isinstance(part, Rule) and type(part) not in AROUND) for rule in DESCENDING]
    moving = {type(rule) for found in inside for rule in found.values()}
    around = {kind for kind in AROUND if any(f"{kind.__name__}(" in repr(rule) for rule in DESCENDING)}
    # One climbs, and one asks for layers: see their own tests.
    assert moving | around | {Maximize, ByDepth} == set(RULES.values())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("rule", DESCENDING, ids=repr)
def test_keeps_precision_shape_and_inputs(rule, dtype):
    p, g = torch.ones(2, 3, dtype=dtype), torch.full((2, 3), 0.5, dtype=dtype)
    state = begun(rule, p)
    dtypes = {name: slot.dtype for name, slot in state.items()}
    before = {name: slot.clone() for name, slot in state.items()}
    for t in range(1, 4):
        new_p, new_state = rule.step(p, g, state, t)
    assert new_p.dtype == dtype
    assert new_p.shape == (2, 3)
    assert list(new_state) == list(rule.for_tensor(0).slots())
    for name, start in rule.for_tensor(0).slots().items():
        assert new_state[name].dtype == (torch.float64 if start.scalar else dtype) == dtypes[name]
        assert new_state[name].shape == (() if start.scalar else (2, 3))
    assert torch.equal(p, torch.ones(2, 3, dtype=dtype))
    assert torch.equal(g, torch.full((2, 3), 0.5, dtype=dtype))
    assert all(torch.equal(state[name], before[name]) for name in before)


@pytest.mark.parametrize("rule", DESCENDING, ids=repr)
def test_a_step_is_differentiable(rule):
    generator = torch.Generator().manual_seed(0)
    p, g = (torch.rand(3, generator=generator, dtype=torch.float64).add(0.5).requires_grad_() for _ in range(2))
    state = {name: slot + (-0.3 if name == "mu_product" else 0.3) for name, slot in begun(rule, p).items()}
    assert torch.autograd.gradcheck(lambda p, g: rule.step(p, g, state, 2)[0], (p, g))


@pytest.mark.parametrize("rule", DESCENDING, ids=repr)
def test_tensors_that_step_together_step_as_they_would_alone(rule):
    if isinstance(rule, Clip) and rule.over == "all":
        rule = Clip(rule.rule, norm=1e9)  # the one thing that tensors have in common is a norm over all
    params = [torch.linspace(-1, 1, 4, dtype=torch.float64), torch.tensor(0.7, dtype=torch.float64)]
    alone, together = Walker(rule, list(params)), Walker(rule, list(params))
    for walker in (alone, together):
        walker.step([None, params[1]])  # counts of their own
    for t in range(4):
        grads = [torch.sin(p + t) for p in params]
        alone.step(grads)
        together.step_together(grads)
    for ours, theirs in zip(together.params, alone.params, strict=True):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-14)


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule is not Split])  # it has tests of its own
def test_groups_may_differ_in_every_field(rule):
    searches = {name: known.search for name, known in meanings(rule).items() if known.interval and known.search}
    more: dict[str, object] = {"depths": (2, 1)} if rule is ByDepth else {}
    if rule is Clip:
        searches, more = {"norm": meanings(rule)["norm"].search}, {"over": "each"}
    groups = [made(rule, **more, **{name: search.at(u) for name, search in searches.items()}) for u in (0.3, 0.6)]
    if rule is Average:
        groups = [substitute(group, {("start",): start}) for group, start in zip(groups, (1, 2), strict=True)]
    both = substitute(groups[0], {(name,): Each([getattr(group, name) for group in groups]) for name in searches})
    params = [torch.linspace(-1, 1, 4, dtype=torch.float64), torch.tensor([0.7], dtype=torch.float64)]
    params = [p.reshape(-1, 1) for p in params] if rule is Muon else params
    together, alone = Walker(groups[0], list(params)), [Walker(group, list(params)) for group in groups]
    together.states = [walker.states[k] for k, walker in enumerate(alone)]
    together.rule = both
    for t in range(4):
        grads = [torch.sin(p + t) for p in params]
        together.step_together(grads)
        for k, walker in enumerate(alone):
            walker.step([g if k == j else None for j, g in enumerate(grads)])
    for k, walker in enumerate(alone):
        assert torch.allclose(together.params[k], walker.params[k], rtol=0, atol=1e-14)


@pytest.mark.parametrize("rule", METHODS.values())
def test_an_lr_of_zero_is_no_step(rule):
    p = torch.tensor([0.1, -3.7e8, 1e-30])
    walker = Walker(rule(lr=0.0), [p])
    for t in range(1, 4):
        walker.step([torch.tensor([1e3, -0.1, 1e-20]) * t])
    assert torch.equal(walker.params[0], p)


FLOORED = [rule for rule in METHODS.values() if "eps" in meanings(rule)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rule", FLOORED)
def test_an_eps_of_zero_is_legal_and_no_gradient_is_no_step(rule, dtype):
    other = {"weight_decay": 0.0} if "weight_decay" in meanings(rule) else {}
    for p, g in (([1.0, 2.0], [0.0, 0.25]), ([1.0], [0.0])):
        walker = Walker(rule(eps=0.0, **other), [torch.tensor(p, dtype=dtype)])
        for _ in range(7):
            walker.step([torch.tensor(g, dtype=dtype)])
        assert walker.params[0][0] == 1.0
        assert torch.isfinite(walker.params[0]).all()


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rule", [rule for rule in FLOORED if "eps_inside" in meanings(rule)])
def test_an_eps_of_zero_is_exact(rule, dtype, inside):
    p = torch.tensor([1.0, 2.0], dtype=dtype)
    other = {"weight_decay": 0.0} if rule is AdamW else {}
    walker = Walker(rule(eps=0.0, eps_inside=inside, **other), [p])
    walker.step([torch.tensor([0.0, 0.25], dtype=dtype)])
    moved = walker.params[0]
    # With nothing under the root but the gradient's own square, the first step is lr long (Adadelta's: zero).
    length = {"Adadelta": 0.0, "RMSprop": 1e-2 / 0.01**0.5}.get(rule.__name__, rule().lr)
    assert moved[1].item() == pytest.approx(2.0 - length, abs=4e-7)


@pytest.mark.parametrize(("rule", "name", "known"), FIELDS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_number_out_of_bounds_is_refused_in_one_line(rule, name, known):
    bad = [known.interval.low - 1, float("nan"), "high", True]
    bad += [known.interval.high] if known.interval.high_open else []
    for value in bad:
        with pytest.raises(RavineError) as refusal:
            made(rule, **{name: value})
        sentence = str(refusal.value)
        assert sentence.startswith(f"{rule.__name__}({name}={value!r}): {name} must be ")
        assert sentence.endswith(f"({name} is the {known.text}).")
        assert "\n" not in sentence


@pytest.mark.parametrize(("rule", "name", "known"), FIELDS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_field_says_where_it_is_searched(rule, name, known):
    if rule in (Noise, WeightNoise) and name == "seed":
        return  # one sequence of noise is as good as another
    assert made(rule, **{name: known.search}) == made(rule, **{name: known.search})
    low, high = known.search.extremes()
    assert low in known.interval
    assert high in known.interval
    default = rule.__dataclass_fields__[name].default
    if default:  # neither absent nor switched off
        assert low <= default <= high


@pytest.mark.parametrize("rule", METHODS.values())
def test_a_method_searches_its_step_size_over_three_decades_and_at_most_one_field_more(rule):
    searched = {name: known.search for name, known in meanings(rule).items() if known.searched}
    assert set(searched) == ({"lr", "weight_decay"} if rule is AdamW else {"lr"})
    for search in searched.values():
        assert isinstance(search, log)
        assert search.high / search.low == pytest.approx(1000)


@pytest.mark.parametrize("wrapper", WRAPPERS.values())
def test_a_wrapper_grew_out_of_no_method_and_searches_nothing_by_default(wrapper):
    assert wrapper.parents == ()
    assert not any(known.searched for known in meanings(wrapper).values())


def test_methods_are_in_the_order_in_which_they_grew():
    assert tuple(METHODS)[:8] == DEFAULT_METHODS
    assert tuple(METHODS)[8:] == ("adamax", "nadam", "radam", "lion", "lars", "lamb")
    before: set[str] = set()
    for rule in (*METHODS.values(), Muon):
        assert set(rule.parents) <= before
        assert rule.parents or rule is SGD
        before.add(rule.__name__)


@pytest.mark.parametrize("rule", DESCENDING, ids=repr)
def test_its_text_is_what_one_types_and_reads_back(rule):
    assert read(repr(rule), RULES) == rule
    assert all(f"{name}=" not in repr(made(type(rule))) for name in meanings(rule) if name != "norm")


@pytest.mark.parametrize("rule", RULES.values())
def test_what_was_substituted_is_what_is_used(rule):
    numbers = [
        name for name, known in meanings(rule).items() if known.interval and getattr(made(rule), name) is not None
    ]
    changed = substitute(made(rule), {(name,): meanings(rule)[name].search.at(0.25) for name in numbers})
    assert all(getattr(changed, name) == meanings(rule)[name].search.at(0.25) for name in numbers)


@pytest.mark.parametrize("rule", RULES.values())
def test_its_page_names_its_source_and_when_to_choose_it(rule):
    page = __import__(rule.__module__, fromlist=["x"]).__doc__
    assert page.startswith(f"{rule.__name__}: ")
    assert re.search(r"\b(19|20)\d\d\b", page)
    assert "\nChoose it when " in page
    assert "\nDeparts from the paper" in page
    assert f"import {rule.__name__}" in page or f" {rule.__name__}," in page


def test_summed_and_averaged_losses_walk_the_same_path_at_lr_over_n():
    features = torch.linspace(-1, 1, 32, dtype=torch.float64).reshape(16, 2)
    targets = torch.cos(3 * features[:, 0])

    def path(rule, reduce):
        walker = Walker(rule, [torch.zeros(2, dtype=torch.float64)])
        for _ in range(50):
            p = walker.params[0].clone().requires_grad_()
            reduce((features @ p - targets) ** 2).backward()
            walker.step([p.grad])
        return walker.params[0]

    for name in "sgd", "momentum", "nesterov":
        averaged, summed = path(METHODS[name](lr=0.05), torch.mean), path(METHODS[name](lr=0.05 / 16), torch.sum)
        assert torch.allclose(averaged, summed, rtol=0, atol=1e-13)


def test_fields_of_wrapped_rules_are_told_apart():
    rules = [
        Clip(Decay(Adam(), l2=0.1), norm=1.0),
        Clip(Decay(Adam(), l2=0.2), norm=1.0),
        Decay(Clip(Adam(), norm=1.0)),
    ]
    assert all(a != b for a, b in itertools.combinations(rules, 2))
