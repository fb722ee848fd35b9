"""Drop-ins and rules in networks that two processes train together: copies of it, and shards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from . import together
from .torch_cases import farthest

pytestmark = pytest.mark.slow


def run(task, folder, world=2):
    """Starts the processes and gives what each of them found."""
    command = [sys.executable, str(Path(together.__file__))]
    store, out = folder / "store", folder / "out"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    processes = [
        subprocess.Popen(
            [*command, str(rank), str(world), str(store), task, str(out)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(world)
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * world, said
    return [torch.load(f"{out}.{rank}", weights_only=True) for rank in range(world)]


def alone(kind):
    """One process with all examples."""
    model = together.network()
    between = together.clipped if kind == "clip by PyTorch" else None
    together.train(model, together.OPTIMIZERS[kind](model.parameters()), *together.part(0, 1), between)
    return [p.detach() for p in model.parameters()]


def test_copies_in_two_processes_walk_as_one_process_with_the_whole_batch(tmp_path):
    first, second = run("parallel", tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(first["weights"], second["weights"], strict=True))
    assert farthest(first["weights"], alone("ours")) <= 1e-12
    assert first["engines"][0].startswith("native")


@pytest.fixture(scope="module")
def sharded(tmp_path_factory):
    """What two processes found that have each half of every tensor."""
    return run("sharded", tmp_path_factory.mktemp("sharded"))


@pytest.mark.parametrize("kind", ["ours", "plain", "kept"])
def test_shards_in_two_processes_walk_as_under_pytorchs_optimizer(sharded, kind):
    for found in sharded:
        assert farthest(found[kind]["weights"], found["theirs"]["weights"]) <= 1e-12
        assert farthest(found[kind]["moments"], found["theirs"]["moments"]) <= 1e-12
        assert farthest(found[kind]["weights"], alone("ours")) <= 1e-12
        assert found[kind]["engines"][0].startswith("plain" if kind == "plain" else "native")


def test_the_norm_that_is_clipped_is_over_the_shards_of_all_processes(sharded):
    for found in sharded:
        assert farthest(found["clip"]["weights"], found["clip by PyTorch"]["weights"]) <= 1e-5  # which adds 1e-6 to it
        assert farthest(found["clip"]["weights"], alone("clip")) <= 1e-12
        assert found["clip"]["engines"][0].startswith("plain")
        assert "spread over processes" in found["clip"]["engines"][0]
    assert farthest(alone("clip"), alone("ours")) > 1e-3
