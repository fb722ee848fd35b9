"""What flows where in a network: which layers read the data, which read hidden units, and what is normalized.

A network's `forward` is followed once by `torch.fx` with symbols in the place of data, so that activations, poolings
and normalizations are seen whether they are layers or functions. The network itself is not touched, and no random
number is drawn from its generators.
"""

import copy
import inspect
import re
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn
from torch.fx import Graph, Node, Tracer
from typing_extensions import override

from ..data.randomness import seeded
from ..errors import RavineError

PLACES = (nn.Linear, nn.modules.conv._ConvNd)
"""Layers that dropout goes before and normalization behind: linear layers and convolutions, lazy ones included."""

WEIGHTED = {"linear", "bilinear", "embedding", "embedding_bag", "matmul", "mm", "bmm", "einsum", "baddbmm"}
WEIGHTED |= {f"conv{transposed}{n}d" for transposed in ("", "_transpose") for n in (1, 2, 3)}
WEIGHTED |= {"scaled_dot_product_attention", "multi_head_attention_forward"}
NORMALIZING = {"batch_norm", "instance_norm", "layer_norm", "group_norm", "rms_norm"}
SHAPES = {"size", "dim", "numel", "shape", "ndim", "dtype", "device", "ndimension", "get_device"}
"""Functions and attributes of tensors by name: those that apply weights, those that normalize, and those that tell
nothing of the numbers."""


class Flow(NamedTuple):
    """What a network calls, in order, each with what it reads; and how often it calls each of its layers."""

    model: nn.Module
    graph: Graph
    calls: Counter[str]
    """By name; what PyTorch's own layers call inside of them is not seen."""


class _Follower(Tracer):
    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    @override
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, PLACES) or is_norm(m) or super().is_leaf_module(m, module_qualified_name)

    @override
    def call_module(self, m: nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        self.calls[self.path_of_module(m)] += 1
        return super().call_module(m, forward, args, kwargs)


def is_norm(layer: nn.Module) -> bool:
    """Tells a layer that normalizes by its class, a user's own by "Norm" at the end of its name.

    Args:
        layer: Any layer.

    Returns:
        Whether it does.

    >>> is_norm(nn.BatchNorm2d(3)), is_norm(nn.RMSNorm(3)), is_norm(nn.Linear(3, 3))
    (True, True, False)
    """
    return re.search(r"Norm(\dd)?$", type(layer).__name__) is not None


def follow(model: nn.Module) -> Flow:
    """Follows a network's `forward`; arguments that have defaults keep them, all but the first.

    Args:
        model: The network; a copy of it, which shares its weights, is followed.

    Returns:
        What flows where.

    Raises:
        RavineError: What it does depends on the data, or it takes no symbols for another reason.
    """
    arguments = [*inspect.signature(model.forward).parameters.values()][1:]
    defaults = {one.name: one.default for one in arguments if one.default is not one.empty}
    try:
        with seeded(0), warnings.catch_warnings(action="ignore"):
            alike = copy.deepcopy(model, {id(p): p for p in model.parameters()})
            follower = _Follower()
            return Flow(model, follower.trace(alike, concrete_args=defaults), follower.calls)
    except Exception as error:  # whatever a user's forward makes of symbols
        raise RavineError(" ".join(str(error).split()) or type(error).__name__) from error


def never_called(flow: Flow, name: str) -> bool:
    """Tells whether `forward` leaves a layer out, though it may use its weights.

    Args:
        flow: What `follow` gave.
        name: The layer.

    Returns:
        Whether it is certain that it is not called.
    """
    if isinstance(flow.model.get_submodule(name.rpartition(".")[0]), nn.MultiheadAttention):
        return True  # which takes its weights alone
    closed = {str(node.target) for node in flow.graph.nodes if node.op == "call_module"}
    return name not in flow.calls and not any(name.startswith(f"{layer}.") for layer in closed)


def reading_hidden(flow: Flow) -> list[str]:
    """Finds the linear layers and convolutions that read, wherever they are called, what weights have made.

    Args:
        flow: What `follow` gave.

    Returns:
        Their names, in the order of calls.
    """
    hidden: dict[Node, bool] = {}
    for node in flow.graph.nodes:
        hidden[node] = not _tells_shapes(node) and any(
            hidden[before] or _kind(before, flow.model) == "weights" for before in node.all_input_nodes
        )
    return _places(flow, lambda node: hidden[node])


def unnormalized(flow: Flow) -> list[str]:
    """Finds the linear layers and convolutions whose outputs reach further weights by a way without normalization.

    Args:
        flow: What `follow` gave.

    Returns:
        Their names, in the order of calls; output layers are not among them.
    """
    bare: dict[Node, bool] = {}
    for node in reversed(flow.graph.nodes):
        ways = [reader for reader in node.users if not _tells_shapes(reader) and _kind(reader, flow.model) != "norm"]
        bare[node] = any(_kind(reader, flow.model) == "weights" or bare[reader] for reader in ways)
    names = _places(flow, lambda node: bare[node])
    return [name for name in names if not any(map(is_norm, flow.model.get_submodule(name).children()))]


def function_names(flow: Flow) -> set[str]:
    """Names the functions and methods that are called.

    Args:
        flow: What `follow` gave.

    Returns:
        Their names, such as "relu".
    """
    return {_name(node) for node in flow.graph.nodes if node.op in {"call_function", "call_method"}}


def _places(flow: Flow, holds: Callable[[Node], bool]) -> list[str]:
    found: dict[str, list[bool]] = {}
    for node in flow.graph.nodes:
        if node.op == "call_module" and isinstance(flow.model.get_submodule(node.target), PLACES):
            found.setdefault(node.target, []).append(holds(node))
    return [name for name, each in found.items() if all(each)]


def _kind(node: Node, model: nn.Module) -> str:
    if node.op == "call_module":
        layer = model.get_submodule(str(node.target))
        if is_norm(layer):
            return "norm"
        weightless = isinstance(layer, nn.PReLU) or next(layer.parameters(), None) is None
        return "other" if weightless else "weights"
    if node.op in {"call_function", "call_method"}:
        return "weights" if _name(node) in WEIGHTED else "norm" if _name(node) in NORMALIZING else "other"
    return "other"


def _name(node: Node) -> str:
    target: Any = node.target
    return target if isinstance(target, str) else getattr(target, "__name__", "")


def _tells_shapes(node: Node) -> bool:
    """Tells what is read for its shape alone: `x.size(0)` hands no number of x on."""
    if node.op == "call_method":
        return node.target in SHAPES
    return node.op == "call_function" and _name(node) == "getattr" and node.args[1] in SHAPES
