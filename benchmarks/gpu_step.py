"""One step of every rule that PyTorch has, on a GPU, beside PyTorch's foreach and fused; and replays of a captured one.

Goals: in no cell slower than the faster of PyTorch's, and on the large network at least 0.85 of the bytes per second
that a copy of arrays of that size moves. Without a GPU there is nothing to time, and it says so.
"""

import gc
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from evidence import conditions, median_ratio, record, side_by_side
from shapes import NETWORKS, Shape
from step import RULES
from torch import Tensor, nn

from ravine import optim

ROUNDS = {"MLP": 301, "ResNet-18": 101, "GPT-2 small": 51}

Steps = dict[str, Callable[[], None]]


def parameters(shapes: Sequence[Shape], gradients: Sequence[Tensor | None]) -> list[nn.Parameter]:
    """Parameters with gradients, which contestants share: nobody changes them."""
    params = [nn.Parameter(torch.randn(shape, device="cuda") * 0.02) for shape in shapes]
    for p, g in zip(params, gradients, strict=True):
        p.grad = g
    return params


def finished(step: Callable[[], Any]) -> Callable[[], None]:
    """A step until the GPU is done with it."""

    def wait() -> None:
        step()
        torch.cuda.synchronize()

    return wait


def contestants(name: str, shapes: Sequence[Shape]) -> Steps:
    """Ravine's step, and each of PyTorch's, on weights of their own."""
    kind, arguments, _ = RULES[name]
    gradients = [torch.randn(shape, device="cuda") for shape in shapes]
    steps = {"Ravine": finished(getattr(optim, kind)(parameters(shapes, gradients), lr=1e-3, **arguments).step)}
    for form in ("foreach", "fused"):
        try:
            made = getattr(torch.optim, kind)(parameters(shapes, gradients), lr=1e-3, **arguments, **{form: True})
            made.step()
        except (TypeError, RuntimeError):  # PyTorch has no such form of this rule on a GPU
            continue
        steps[form] = finished(made.step)
    return steps


def captured(shapes: Sequence[Shape]) -> Steps:
    """Replays of one step of Adam in a CUDA graph."""
    gradients = [torch.randn(shape, device="cuda") for shape in shapes]
    replays: Steps = {}
    for name, package, how in (("Ravine", optim, {}), ("PyTorch", torch.optim, {"fused": True})):
        optimizer = package.Adam(parameters(shapes, gradients), lr=1e-3, capturable=True, **how)
        warm, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
        warm.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(warm):  # as PyTorch's page on CUDA graphs asks
            for _ in range(3):
                optimizer.step()
        torch.cuda.current_stream().wait_stream(warm)
        with torch.cuda.graph(graph):
            optimizer.step()
        replays[name] = finished(lambda graph=graph, _optimizer=optimizer: graph.replay())
    return replays


def copy_speed(elements: int) -> float:
    """The bytes per second that a copy of an array reads and writes."""
    a, b = torch.ones(elements, device="cuda"), torch.empty(elements, device="cuda")
    seconds = side_by_side({"copy": finished(lambda: b.copy_(a))}, rounds=51)["copy"]
    return 8 * elements / statistics.median(seconds)


def best(seconds: Mapping[str, list[float]]) -> str:
    """The faster of PyTorch's."""
    return min((name for name in seconds if name != "Ravine"), key=lambda name: statistics.median(seconds[name]))


def compare_steps() -> list[str]:
    """The table of all cells."""
    lines = [f"{'':12}{'rule':10}{'Ravine':>10}{'foreach':>10}{'fused':>10}{'ratio':>8}   microseconds"]
    ratios: list[float] = []
    for network, shapes in NETWORKS.items():
        elements = sum(map(math.prod, shapes))
        copied = copy_speed(elements)
        for name, (_, _, moved) in RULES.items():
            seconds = side_by_side(contestants(name, shapes), ROUNDS[network])
            ratios.append(median_ratio(seconds, "Ravine", best(seconds)))
            cells = "".join(
                f"{statistics.median(seconds[form]) * 1e6:10.0f}" if form in seconds else f"{'':10}"
                for form in ("Ravine", "foreach", "fused")
            )
            speed = 4 * moved * elements / statistics.median(seconds["Ravine"])
            bandwidth = f"   {speed / 1e9:.0f} GB/s, {speed / copied:.2f} of a copy" if network == "GPT-2 small" else ""
            lines.append(f"{network:12}{name:10}{cells}{ratios[-1]:8.2f}{bandwidth}")
            gc.collect()
    return [*lines, f"largest ratio {max(ratios):.2f}, geometric mean {statistics.geometric_mean(ratios):.3f}"]


def compare_replays() -> list[str]:
    """Replays of Adam's step."""
    lines = []
    for network, shapes in NETWORKS.items():
        seconds = side_by_side(captured(shapes), ROUNDS[network])
        ours, theirs = (statistics.median(seconds[name]) * 1e6 for name in ("Ravine", "PyTorch"))
        ratio = median_ratio(seconds, "Ravine", "PyTorch")
        lines.append(
            f"replay of Adam, {network}: Ravine {ours:.0f}, fused {theirs:.0f} microseconds, ratio {ratio:.2f}"
        )
        gc.collect()
    return lines


def main() -> None:
    """Times everything, where there is a GPU."""
    if not torch.cuda.is_available():
        print("gpu_step needs a GPU, and there is none here: nothing was timed.")
        return
    sizes = ", ".join(f"{n} ({len(s)} tensors, {sum(map(math.prod, s)):,})" for n, s in NETWORKS.items())
    rounds = ", ".join(f"{n} {r}" for n, r in ROUNDS.items())
    head = [*conditions("triton"), torch.cuda.get_device_name(), sizes, f"medians, in turn; rounds: {rounds}", ""]
    record("gpu_step", [*head, *compare_steps(), "", *compare_replays()])


if __name__ == "__main__":
    main()
