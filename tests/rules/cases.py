"""What the tests of the rules share: rules with PyTorch's own beside them, recorded gradients, small problems."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, optim

from ravine.engines.each import Each, together
from ravine.rules import (
    LAMB,
    LARS,
    SAM,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Average,
    Clip,
    Decay,
    Lion,
    Maximize,
    Momentum,
    Muon,
    NAdam,
    Nesterov,
    Noise,
    RAdam,
    RMSprop,
    Rule,
    Split,
    WeightNoise,
    gradient_of,
    placed,
)

Grads = Sequence[Sequence[Tensor | None]]


class Both:
    """PyTorch's Muon for matrices beside its AdamW for all else, as its documentation has it."""

    def __init__(self, params: Sequence[Tensor], **fields: Any) -> None:
        matrices, others = ([p for p in params if (p.dim() == 2) == wanted] for wanted in (True, False))
        self.parts = [optim.Muon(matrices, **fields), *([optim.AdamW(others, lr=0.003)] if others else [])]

    def step(self) -> None:
        """Steps both."""
        for part in self.parts:
            part.step()


# A rule, and what PyTorch has for it.
TWINS: list[tuple[Rule, Callable[..., optim.Optimizer]]] = [
    (SGD(lr=0.03), partial(optim.SGD, lr=0.03)),
    (Momentum(lr=0.01), partial(optim.SGD, lr=0.01, momentum=0.9)),
    (Momentum(lr=0.01, momentum=0.5), partial(optim.SGD, lr=0.01, momentum=0.5)),
    (Momentum(lr=0.03, dampening=0.9), partial(optim.SGD, lr=0.03, momentum=0.9, dampening=0.9)),
    (Nesterov(lr=0.01), partial(optim.SGD, lr=0.01, momentum=0.9, nesterov=True)),
    (Adagrad(lr=0.02), partial(optim.Adagrad, lr=0.02)),
    (Adagrad(initial=0.1, eps=1e-3), partial(optim.Adagrad, initial_accumulator_value=0.1, eps=1e-3)),
    (Adagrad(lr=0.1, lr_decay=0.5), partial(optim.Adagrad, lr=0.1, lr_decay=0.5)),
    (Adadelta(), optim.Adadelta),
    (Adadelta(lr=3.0, rho=0.95, eps=1e-5), partial(optim.Adadelta, lr=3.0, rho=0.95, eps=1e-5)),
    (RMSprop(lr=0.003), partial(optim.RMSprop, lr=0.003)),
    (RMSprop(beta=0.9, centered=True, eps=1e-3), partial(optim.RMSprop, alpha=0.9, centered=True, eps=1e-3)),
    (RMSprop(lr=0.001, momentum=0.9), partial(optim.RMSprop, lr=0.001, momentum=0.9)),
    (Adam(lr=0.003), partial(optim.Adam, lr=0.003)),
    (Adam(lr=0.003, beta1=0.8, beta2=0.99, eps=1e-3), partial(optim.Adam, lr=0.003, betas=(0.8, 0.99), eps=1e-3)),
    (Adam(lr=0.003, amsgrad=True), partial(optim.Adam, lr=0.003, amsgrad=True)),
    (AdamW(lr=0.003), partial(optim.AdamW, lr=0.003)),
    (AdamW(weight_decay=0.5, amsgrad=True), partial(optim.AdamW, weight_decay=0.5, amsgrad=True)),
    (Decay(Adam(lr=0.003), l2=0.5), partial(optim.AdamW, lr=0.003, weight_decay=0.5)),
    (Decay(SGD(lr=0.03), l2=0.1, through="gradient"), partial(optim.SGD, lr=0.03, weight_decay=0.1)),
    (
        Decay(Nesterov(lr=0.01), l2=0.1, through="gradient"),
        partial(optim.SGD, lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.1),
    ),
    (Decay(Adagrad(lr=0.02), l2=0.1, through="gradient"), partial(optim.Adagrad, lr=0.02, weight_decay=0.1)),
    (Decay(Adadelta(), l2=0.1, through="gradient"), partial(optim.Adadelta, weight_decay=0.1)),
    (Decay(RMSprop(lr=0.003), l2=0.1, through="gradient"), partial(optim.RMSprop, lr=0.003, weight_decay=0.1)),
    (Decay(Adam(lr=0.003), l2=0.1, through="gradient"), partial(optim.Adam, lr=0.003, weight_decay=0.1)),
    (NAdam(), optim.NAdam),
    (
        NAdam(beta1=0.8, eps=1e-3, momentum_decay=0.05),
        partial(optim.NAdam, betas=(0.8, 0.999), eps=1e-3, momentum_decay=0.05),
    ),
    (Decay(NAdam(), l2=0.1, through="gradient"), partial(optim.NAdam, weight_decay=0.1)),
    (Decay(NAdam(), l2=0.5), partial(optim.NAdam, weight_decay=0.5, decoupled_weight_decay=True)),
    (RAdam(lr=0.003), partial(optim.RAdam, lr=0.003)),
    (RAdam(lr=0.003, beta1=0.8, beta2=0.9, eps=1e-3), partial(optim.RAdam, lr=0.003, betas=(0.8, 0.9), eps=1e-3)),
    (Decay(RAdam(), l2=0.1, through="gradient"), partial(optim.RAdam, weight_decay=0.1)),
    (Decay(RAdam(), l2=0.5), partial(optim.RAdam, weight_decay=0.5, decoupled_weight_decay=True)),
    (Adamax(lr=0.003), partial(optim.Adamax, lr=0.003)),
    (Adamax(lr=0.003, beta1=0.8, beta2=0.9, eps=1e-2), partial(optim.Adamax, lr=0.003, betas=(0.8, 0.9), eps=1e-2)),
    (Decay(Adamax(), l2=0.1, through="gradient"), partial(optim.Adamax, weight_decay=0.1)),
    (Maximize(Momentum(lr=0.01)), partial(optim.SGD, lr=0.01, momentum=0.9, maximize=True)),
    (Maximize(Decay(Adam(), l2=0.1, through="gradient")), partial(optim.Adam, weight_decay=0.1, maximize=True)),
    (Split(Muon(bfloat16=True), AdamW(lr=0.003), where="matrices"), Both),
    (
        Split(
            Muon(
                lr=0.02,
                momentum=0.8,
                weight_decay=0.5,
                steps=3,
                nesterov=False,
                adjust="match_rms_adamw",
                bfloat16=True,
            ),
            AdamW(lr=0.003),
            where="matrices",
        ),
        partial(
            Both, lr=0.02, momentum=0.8, weight_decay=0.5, nesterov=False, ns_steps=3, adjust_lr_fn="match_rms_adamw"
        ),
    ),
]

# Every rule and wrapper, in all its written forms, as it goes down a small parabola within 500 steps.
DESCENDING: list[Rule] = [
    SGD(lr=0.1),
    Momentum(lr=0.02),
    Momentum(lr=0.02, form="step"),
    Momentum(lr=0.2, form="average"),
    Momentum(lr=0.1, dampening=0.8),
    Nesterov(lr=0.02),
    Nesterov(lr=0.02, form="look-ahead"),
    Adagrad(lr=0.5),
    Adagrad(lr=0.5, eps_inside=True, initial=0.01),
    Adadelta(lr=10.0),
    Adadelta(lr=10.0, eps=1e-3, eps_inside=False),
    RMSprop(lr=0.01),
    RMSprop(lr=0.01, centered=True, eps=1e-2),
    RMSprop(lr=0.003, eps_inside=True, momentum=0.5),
    Adam(lr=0.05),
    Adam(lr=0.05, amsgrad=True, eps_inside=True),
    Adam(lr=0.05, bias_correction=False),
    AdamW(lr=0.05, weight_decay=1e-3),
    AdamW(lr=0.05, weight_decay=1e-5, times_lr=False),
    Adamax(lr=0.05),
    NAdam(lr=0.05),
    RAdam(lr=0.05),
    Lion(lr=0.01),
    LARS(lr=5.0),
    LAMB(lr=0.011),
    Split(Momentum(lr=0.02), Adam(lr=0.05), where=(0,)),
    Average(Clip(Split(Muon(), Clip(SGD(lr=0.1), value=0.5), where=()), norm=1.0, over="each"), decay=0.9),
    Decay(Momentum(lr=0.02), l1=1e-3, l2=1e-3),
    Decay(Adam(lr=0.05), l1=1e-3, l2=1e-3, through="gradient"),
    Clip(SGD(lr=0.1), norm=1.0),
    Clip(Adam(lr=0.05), norm=1.0, over="each"),
    Clip(SGD(lr=0.1), value=0.5),
    Noise(SGD(lr=0.05), eta=1e-3, gamma=1.0),
    WeightNoise(SGD(lr=0.05), std=1e-3),
    SAM(Momentum(lr=0.02), radius=0.01),
    SAM(WeightNoise(Adam(lr=0.05), std=1e-3), radius=0.01, adaptive=True),
    Average(SGD(lr=0.1), start=10),
    Average(Clip(Decay(Nesterov(lr=0.02), l2=1e-4), norm=1.0, over="each"), decay=0.9),
]


@dataclass
class Walker:
    """Parameters that a rule moves together, each with its own slots and count, as an optimizer has them."""

    rule: Rule
    params: list[Tensor]

    def __post_init__(self) -> None:
        self.rule = placed(self.rule, self.params)
        rules = [self.rule.for_tensor(k) for k in range(len(self.params))]
        self.states = [
            {name: slot.begin(p) for name, slot in rule.slots().items()}
            for rule, p in zip(rules, self.params, strict=True)
        ]
        self.counts = [0] * len(self.params)

    def step(self, grads: Sequence[Tensor | None]) -> None:
        """Steps those parameters that have a gradient, one by one."""
        for k, g in enumerate(grads):
            if g is not None:
                self.counts[k] += 1
                self.params[k], self.states[k] = self.rule.step(
                    self.params[k], g, self.states[k], self.counts[k], tensor=k
                )

    def step_together(self, grads: Sequence[Tensor]) -> None:
        """Steps all parameters in one call, as the plain engine does."""
        self.counts = [count + 1 for count in self.counts]
        numbers = Each(range(len(grads)))
        slots = {name: Each([state.get(name) for state in self.states]) for name in self.rule.slots()}
        p, new = self.rule.step(Each(self.params), Each(grads), slots, together(self.counts), numbers)
        self.params = p.items
        self.states = [
            {name: slot.items[k] for name, slot in new.items() if slot.items[k] is not None} for k in range(len(grads))
        ]


def starts(dtype: torch.dtype) -> list[Tensor]:
    """Parameters of many kinds: a matrix, no dimensions, strided, transposed, empty."""
    generator = torch.Generator().manual_seed(1)
    draw = partial(torch.randn, generator=generator, dtype=torch.float64)
    matrix, single = draw(5, 3), draw(())
    return [x.to(dtype) for x in (matrix, single)] + [
        draw(4, 6).to(dtype)[:, ::2],
        draw(3, 4).to(dtype).T,
        torch.empty(0, dtype=dtype),
    ]


def recorded(params: Sequence[Tensor], steps: int) -> Grads:
    """One sequence of gradients, their sizes over four decades; the second parameter is frozen now and then."""
    generator = torch.Generator().manual_seed(2)
    sizes = [10 ** (4 * torch.rand(p.shape, generator=generator, dtype=torch.float64) - 3) for p in params]
    sequence: list[list[Tensor | None]] = []
    for t in range(steps):
        grads = [size * torch.randn(size.shape, generator=generator, dtype=torch.float64) for size in sizes]
        sequence.append([g.to(p.dtype) for g, p in zip(grads, params, strict=True)])
        if 10 <= t < 20 or 50 <= t < 53:
            sequence[-1][1] = None
    return sequence


def follow(make: Callable[..., optim.Optimizer], params: Iterable[Tensor], sequence: Grads) -> list[Tensor]:
    """Where PyTorch's optimizer ends on a recorded sequence."""
    # A gradient keeps its parameter's strides here, as autograd gives it.
    leaves = [p.clone().requires_grad_() for p in params]
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # in which PyTorch keeps its scalars, such as NAdam's mu_product
    try:
        optimizer = make(leaves)
        for grads in sequence:
            for leaf, g in zip(leaves, grads, strict=True):
                leaf.grad = None if g is None else g.clone()
            optimizer.step()
    finally:
        torch.set_default_dtype(before)
    return [leaf.detach() for leaf in leaves]


def begun(rule: Rule, p: Tensor) -> dict[str, Tensor]:
    """The slots of a parameter that is the only one there is."""
    return {name: slot.begin(p) for name, slot in rule.for_tensor(0).slots().items()}


def descend(rule: Rule, steps: int = 500) -> Tensor:
    """Where the weights that predict end on `1/2 (p1 - 1)^2 + 5 (p2 + 2)^2`, from the origin."""
    p = torch.zeros(2, dtype=torch.float64)
    curvature, bottom = torch.tensor([1.0, 10.0], dtype=p.dtype), torch.tensor([1.0, -2.0], dtype=p.dtype)
    state = begun(rule, p)
    for t in range(1, steps + 1):
        p, state = rule.step(p, gradient_of(lambda x: curvature * (x - bottom), rule, p, state, t), state, t)
    slot = rule.predicting_slot()
    return p if slot is None else state[slot]
