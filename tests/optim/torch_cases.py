"""What the tests of the drop-ins share: PyTorch's own descriptions of its optimizers, and pairs that walk together."""

import importlib
from dataclasses import dataclass

import hypothesis
import torch
from torch import optim

import ravine.optim

from ..rules.cases import recorded, starts

NAMES = ("SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Muon")


def _described():
    """Loads PyTorch's descriptions, which load settings of their own for every property test in the process."""
    settings = hypothesis.settings.get_current_profile_name()
    try:
        return importlib.import_module("torch.testing._internal.common_optimizers")
    finally:
        hypothesis.settings.load_profile(settings)


DESCRIBED = _described()
INFO = {info.name: info for info in DESCRIBED.optim_db}
OptimizerErrorEnum = DESCRIBED.OptimizerErrorEnum


@dataclass(frozen=True)
class Case:
    """Arguments that PyTorch tests one of its optimizers with."""

    name: str
    kwargs: dict

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={value}' for key, value in self.kwargs.items())})"

    def ours(self, params, **more):
        """The drop-in."""
        return getattr(ravine.optim, self.name)(params, **self.kwargs | more)

    def theirs(self, params, **more):
        """PyTorch's, which takes `capturable` on a GPU alone; it changes no number."""
        kwargs = {key: value for key, value in self.kwargs.items() if key != "capturable"}
        return getattr(optim, self.name)(params, **kwargs | more)


def _cases():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # the precision of an lr that is a tensor
    try:
        return [
            Case(name, case.kwargs)
            for name in NAMES
            for case in INFO[name].optim_inputs_func(device="cuda")  # where `capturable` is tried too
        ]
    finally:
        torch.set_default_dtype(before)


CASES = [
    *_cases(),
    Case("SGD", {"momentum": 0.9, "dampening": 0.9, "weight_decay": 0.1, "maximize": True}),
    Case("SGD", {"lr": 0.1, "weight_decay": 0.1, "nesterov": True, "momentum": 0.5, "maximize": True}),
    Case("Adagrad", {"lr_decay": 0.01, "initial_accumulator_value": 0.5, "maximize": True}),
    Case("RMSprop", {"momentum": 0.9}),
    Case("Adam", {"decoupled_weight_decay": True, "weight_decay": 0.1, "amsgrad": True}),
    Case("AdamW", {"weight_decay": 0.0}),
    Case("Muon", {"nesterov": False, "adjust_lr_fn": "match_rms_adamw", "lr": 0.02}),
    Case("Muon", {"adjust_lr_fn": "original", "weight_decay": 0.0, "lr": 0.02}),
]
"""Every input that PyTorch tests, and some that it does not."""

DEFAULTS = [Case(name, {}) for name in NAMES]

FEATURED = [
    *DEFAULTS,
    Case("SGD", {"momentum": 0.9, "weight_decay": 0.1}),
    Case("SGD", {"momentum": 0.9, "dampening": 0.5}),
    Case("SGD", {"momentum": 0.9, "nesterov": True}),
    Case("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.5}),
    Case("RMSprop", {"momentum": 0.9, "centered": True}),
    Case("Adam", {"amsgrad": True, "weight_decay": 0.1}),
    Case("NAdam", {"decoupled_weight_decay": True, "weight_decay": 0.1}),
]
"""One of each kind of state."""


def named(value):
    """Names a case in a test's name."""
    return str(value) if isinstance(value, Case) else None


def start(case, dtype=torch.float64):
    """Where the parameters of a test begin: matrices for Muon, else of many kinds."""
    kinds = starts(dtype)
    if case.name == "Muon":
        return [kinds[0], kinds[2], kinds[3]]  # of two dimensions: straight, strided, transposed
    return kinds


def leaves(params):
    """Copies to be trained."""
    return [p.clone().requires_grad_() for p in params]


def put(params, grads):
    """Hands out gradients."""
    for p, g in zip(params, grads, strict=True):
        p.grad = None if g is None else g.clone()


def walk(optimizer, params, sequence):
    """Steps along recorded gradients."""
    for grads in sequence:
        put(params, grads)
        optimizer.step()


def farthest(ours, theirs):
    """How far two walks are apart, in units of the parameters where those are large."""
    pairs = [(a.detach(), b.detach()) for a, b in zip(ours, theirs, strict=True) if a.numel()]
    return max(((a - b).abs() / b.abs().clamp(min=1)).max().item() for a, b in pairs)


def both(case, begin=None, group=None):
    """The two optimizers and their parameters."""
    begin = start(case) if begin is None else begin
    pairs = []
    for make in (case.ours, case.theirs):
        params = leaves(begin)
        pairs.append((make(params if group is None else group(params)), params))
    return pairs


def agree(pairs, steps=30, before_step=lambda *_: None, tolerance=1e-12):
    """Walks both optimizers along one sequence; `before_step` may change them."""
    (_, ours), (_, theirs) = pairs
    for t, grads in enumerate(recorded([p.detach() for p in ours], steps)):
        for optimizer, params in pairs:
            before_step(optimizer, t)
            put(params, grads)
            optimizer.step()
        assert farthest(ours, theirs) <= tolerance, t


def errors(name):
    """Every input that PyTorch refuses, with its error and words."""
    return INFO[name].optim_error_inputs_func(device="cpu", dtype=torch.float32)


__all__ = [
    "CASES",
    "DEFAULTS",
    "FEATURED",
    "NAMES",
    "Case",
    "OptimizerErrorEnum",
    "agree",
    "both",
    "errors",
    "farthest",
    "leaves",
    "named",
    "put",
    "recorded",
    "start",
    "walk",
]
