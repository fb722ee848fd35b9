"""What the tests of the triton engine have done in a process of its own, by Triton's interpreter, without a GPU.

The interpreter has to be asked for before Triton is first imported, and holds for the whole process.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from torch import Tensor

from ravine.engines.triton import Triton
from ravine.engines.triton.kernel import _compiled
from ravine.engines.triton.pieces import narrowed
from ravine.optim import Optimizer
from ravine.rules import LAMB, Adam, Clip, Rule

from .cases import ends

ROOT = Path(__file__).parents[2]


class Interpreter:
    """A process in which Triton interprets; started by what it is first asked to do."""

    def __init__(self) -> None:
        self.pool = ProcessPoolExecutor(1, get_context("spawn"))

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Calls a function of a module there."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TRITON_INTERPRET", "1")
            patch.setenv("OMP_NUM_THREADS", "1")
            patch.syspath_prepend(str(ROOT))
            return self.pool.submit(_call, function, args, kwargs).result()


def _call(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    with np.errstate(all="ignore"):  # NumPy works for the interpreter, and says aloud what a GPU does silently
        return function(*args, **kwargs)


def arrays(tensors: Sequence[Tensor]) -> list[Any]:
    """The same numbers, as they travel between processes."""
    return [x.detach().to_dense().resolve_conj().cpu().numpy() for x in tensors]


def recorded_ends(rule: Rule, dtype: torch.dtype, rounded: torch.dtype | None, steps: int) -> list[Any]:
    """Where the recorded parameters end, by the triton engine."""
    return arrays(ends(rule, dtype, "triton", rounded=rounded, steps=steps))


def walk(
    engine: str, rule: Rule, start: Sequence[Tensor], gradients: Sequence[Sequence[Tensor | None]], **groups: Any
) -> tuple[list[Any], list[list[Any]]]:
    """Where parameters and their states end; the first has numbers of its own in `groups`."""
    params = [p.clone().requires_grad_() for p in start]
    apart = [{"params": params[:1], **groups}, {"params": params[1:]}] if groups else params
    optimizer = Optimizer(apart, rule, engine=engine)
    for each in gradients:
        for p, g in zip(params, each, strict=True):
            p.grad = g
        optimizer.step()
    assert {choice.engine for choice in optimizer.engines} == {engine}
    return arrays([p.float() if p.dtype is torch.bfloat16 else p for p in params]), [
        arrays(list(optimizer.state[p].values())) for p in params
    ]


def made_anew(rule: Rule) -> int:
    """How many kernels are made after a first step: for a second one, other numbers, another model."""
    before = 0
    for count in (2, 5):
        params = [torch.ones(k, requires_grad=True) for k in range(1, count)]
        optimizer = Optimizer(params, rule, engine="triton")
        for t in range(3):
            for p in params:
                p.grad = torch.ones_like(p)
            optimizer.param_groups[0]["lr"] = 0.1 / (t + 1)
            optimizer.step()
            before = before or _compiled.cache_info().misses
    return _compiled.cache_info().misses - before


def launched() -> list[Any]:
    """What two models hand to kernels: the kernels, what is fixed when they are compiled, and where tables lie."""
    found = []
    for shapes in ([(3,)], [(40, 50), (7,), (16, 16), *[(1,)] * 40]):
        params = [torch.ones(shape, requires_grad=True) for shape in shapes]
        optimizer = Optimizer(params, Clip(LAMB(), norm=1.0), engine="triton")
        for p in params:
            p.grad = torch.ones_like(p)
        optimizer.step()
        engine = optimizer._sharing()[0].engine
        assert isinstance(engine, Triton)
        names = [kernel.fn.__name__ for kernel, *_ in engine.launches]
        fixed = [
            (dict(options), [(x.dtype, x.data_ptr() % 16) for x in given]) for _, _, given, options in engine.launches
        ]
        found.append((names, fixed))
    return found


def counted(dtype: torch.dtype) -> tuple[float, Any]:
    """Where Adam takes 1 at its seventh step, and the count after it, which was saved in some dtype."""
    p = torch.ones((), requires_grad=True)
    optimizer = Optimizer([p], Adam(lr=0.1), engine="triton")
    optimizer.state[p]["step"] = torch.tensor(5, dtype=dtype)
    p.grad = torch.zeros(())
    optimizer.step()
    engine = optimizer._sharing()[0].engine
    assert isinstance(engine, Triton)
    table = engine.table
    p.grad = torch.ones(())
    optimizer.step()
    assert engine.table is table  # once is enough for what was brought to another dtype
    count = optimizer.state[p]["step"]
    return float(p), (int(count), count.dtype)


@triton.jit
def _narrow(wide, out, COUNT: tl.constexpr):
    i = tl.arange(0, COUNT)
    tl.store(out + i, narrowed(tl.load(wide + i)))


def narrowed_bits(bits: list[int]) -> list[int]:
    """What bfloat16 makes of float32, bit by bit."""
    wide = torch.tensor(bits, dtype=torch.int64).to(torch.int32).view(torch.float32)
    out = torch.zeros(len(bits), dtype=torch.uint16)
    _narrow[(1,)](wide, out, COUNT=len(bits))
    return out.tolist()


def replayed(rule: Rule, start: Tensor, gradients: Sequence[Tensor], lr: list[float], held: bool) -> tuple[Any, Any]:
    """Where one parameter ends if all steps but the first two are replays: nothing but what stands on the device.

    `held` says that lr is a tensor, which the replay itself reads; else it is written before each.
    """
    p, g = start.clone().requires_grad_(), torch.zeros_like(start)
    rate = torch.tensor(lr[0]) if held else lr[0]
    optimizer = Optimizer([{"params": [p], "lr": rate}], rule, engine="triton", capturable=True)
    p.grad = g
    for t, gradient in enumerate(gradients):
        g.copy_(gradient)
        if held:
            rate.fill_(lr[t])
        else:
            optimizer.param_groups[0]["lr"] = lr[t]
        if t < 2:
            optimizer.step()
            continue
        engine = optimizer._sharing()[0].engine
        assert isinstance(engine, Triton)
        optimizer.prepare_replay()
        engine.launch(engine.launches)
    return arrays([p])[0], arrays(list(optimizer.state[p].values()))


def scheduled(rule: Rule, start: Tensor, gradient: Tensor, steps: int, replays: bool) -> Any:
    """Where a rule with a schedule ends, by steps or by replays after the first step."""
    p = start.clone().requires_grad_()
    p.grad = gradient.clone()
    optimizer = Optimizer([p], rule, engine="triton", steps=steps, capturable=True)
    optimizer.step()
    for _ in range(steps - 1):
        if replays:
            engine = optimizer._sharing()[0].engine
            assert isinstance(engine, Triton)
            optimizer.prepare_replay()
            engine.launch(engine.launches)
        else:
            optimizer.step()
    assert optimizer.param_groups[0]["count"] == steps
    return arrays([p])[0]
