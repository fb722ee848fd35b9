"""Examples in memory: batches, parts and fingerprints."""

import subprocess
import sys

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.data.examples import examples

X = np.arange(60, dtype=np.float32).reshape(20, 3)
Y = np.arange(20) % 4
PROGRAM = """
import numpy as np
from ravine.data.examples import examples
print(examples((np.arange(60, dtype=np.float32).reshape(20, 3), np.arange(20) % 4)).fingerprint())
"""


@given(rows=st.lists(st.integers(0, 19), max_size=30))
def test_a_batch_holds_the_rows_asked_for_in_their_order(rows):
    inputs, targets = examples((X, Y)).batch(torch.tensor(rows, dtype=torch.int64))
    assert inputs.numpy().tolist() == X[rows].tolist()
    assert targets.numpy().tolist() == Y[rows].tolist()


@given(first=st.lists(st.integers(0, 19), min_size=1, max_size=20), data=st.data())
def test_a_part_of_a_part_counts_from_0(first, data):
    second = data.draw(st.lists(st.integers(0, len(first) - 1), min_size=1))
    part = examples((X, Y)).subset(torch.tensor(first)).subset(torch.tensor(second))
    assert part.inputs.numpy().tolist() == X[np.array(first)[second]].tolist()
    assert len(part) == len(second)


def test_batches_follow_their_plan():
    plan = torch.randperm(20, generator=torch.Generator().manual_seed(0)).split(6)
    found = list(examples((X, Y)).batches(plan))
    assert [len(batch[1]) for batch in found] == [6, 6, 6, 2]
    assert torch.cat([batch[0] for batch in found]).numpy().tolist() == X[torch.cat(plan).numpy()].tolist()


def test_a_fingerprint_is_the_same_in_another_process():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == examples((X, Y)).fingerprint()


def test_a_fingerprint_sees_every_change():
    changed = X.copy()
    changed[7, 1] += 1e-3
    seen = [
        examples((X, Y)),
        examples((changed, Y)),
        examples((X, Y[::-1].copy())),
        examples((X.reshape(20, 1, 3), Y)),
        examples((X.astype(np.float64).astype(np.int64), Y)),
        examples({"a": X, "y": Y}),
        examples({"b": X, "y": Y}),
        examples((X[:19], Y[:19])),
        examples((X[::-1].copy(), Y[::-1].copy())),
    ]
    assert len({one.fingerprint() for one in seen}) == len(seen)
    assert examples((X.astype(np.float64), Y)).fingerprint() == seen[0].fingerprint()


def test_examples_move_to_another_device():
    moved = examples((X, Y), groups=Y).to("meta")
    assert moved.inputs.device.type == "meta"
    assert moved.batch(torch.tensor([1, 2]))[0].device.type == "meta"
    assert moved.groups is not None
