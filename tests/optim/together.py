"""One of several processes that train one network together: `python together.py RANK WORLD STORE TASK OUT`."""

import sys
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn, optim
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict, set_optimizer_state_dict
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

import ravine.optim
from ravine.optim import Optimizer
from ravine.rules import AdamW, Clip

STEPS = 12


def network():
    """The network that all train, in double precision."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 5), nn.Tanh(), nn.Linear(5, 1)).double()


def part(rank, world):
    """A process's share of 32 examples."""
    x = torch.randn(32, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    y = torch.sin(3 * x.sum(1, keepdim=True))
    return x[rank::world], y[rank::world]


def train(model, optimizer, x, y, between=None, steps=STEPS):
    """Takes steps on the same examples."""
    for t in range(steps):
        optimizer.zero_grad()
        (model(x) - y).square().mean().backward()
        if between is not None:
            between(model, t)
        optimizer.step()


def clipped(model, _):
    """Shortens the gradient to one that binds, by PyTorch's own hand."""
    nn.utils.clip_grad_norm_(model.parameters(), 0.05)


def decaying(engine):
    """Makes the drop-in whose walk is compared."""
    return lambda params: ravine.optim.AdamW(params, lr=0.05, weight_decay=0.1, engine=engine)


OPTIMIZERS = {
    "ours": decaying("auto"),
    "plain": decaying("plain"),
    "kept": decaying("auto"),
    "theirs": lambda params: optim.AdamW(params, lr=0.05, weight_decay=0.1),
    "clip": lambda params: Optimizer(params, Clip(AdamW(lr=0.05, weight_decay=0.1), norm=0.05)),
    "clip by PyTorch": lambda params: optim.AdamW(params, lr=0.05, weight_decay=0.1),
}


def whole(x):
    """A tensor in one piece."""
    return (x.full_tensor() if isinstance(x, DTensor) else x).detach().clone()


def sharded(kind, x, y):
    """Trains under FSDP2; gives weights, engines and what the first moments are."""
    model = network()
    for layer in model:
        if isinstance(layer, nn.Linear):
            fully_shard(layer)
    fully_shard(model)
    optimizer = OPTIMIZERS[kind](model.parameters())
    if kind == "kept":
        train(model, optimizer, x, y, steps=STEPS // 2)
        state = get_optimizer_state_dict(model, optimizer)
        optimizer = OPTIMIZERS[kind](model.parameters())
        set_optimizer_state_dict(model, optimizer, state)
        train(model, optimizer, x, y, steps=STEPS - STEPS // 2)
    else:
        train(model, optimizer, x, y, clipped if kind == "clip by PyTorch" else None)
    moments = [value for held in optimizer.state.values() for key, value in held.items() if key in ("exp_avg", "m")]
    assert all(isinstance(p, DTensor) for p in model.parameters())
    assert all(isinstance(value, DTensor) for value in moments)
    engines = [str(choice) for choice in optimizer.engines] if isinstance(optimizer, Optimizer) else []
    return {"weights": [whole(p) for p in model.parameters()], "moments": list(map(whole, moments)), "engines": engines}


def main(rank, world, store, task, out):
    """Trains, and saves what the first process has."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=world, timeout=timedelta(seconds=60)
    )
    x, y = part(rank, world)
    if task == "parallel":
        model = DistributedDataParallel(network())
        optimizer = OPTIMIZERS["ours"](model.parameters())
        train(model, optimizer, x, y)
        found = {"weights": [whole(p) for p in model.parameters()], "engines": list(map(str, optimizer.engines))}
    else:
        found = {kind: sharded(kind, x, y) for kind in OPTIMIZERS}
    torch.save(found, f"{out}.{rank}")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
