"""A user's own Dataset: read when due, told apart by a sample, and never at the cost of the run's random numbers."""

import random

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, Subset

from ravine.data.dataset import FromDataset
from ravine.data.examples import examples


class Squares(Dataset):
    """Numbers and their squares; counts how often it is asked."""

    def __init__(self, size=300, table=False, shift=0):
        self.size, self.asked, self.shift = size, 0, shift
        if table:
            self.targets = [row % 3 for row in range(size)]

    def __len__(self):
        return self.size

    def __getitem__(self, row):
        self.asked += 1
        return np.array([row, row**2], dtype=np.float64), row % 3 + self.shift


class Augmented(Squares):
    """Adds noise from every generator that a data set might use."""

    def __getitem__(self, row):
        noise = torch.rand(1).item() + random.random() + np.random.rand()  # noqa: NPY002 - what users do
        return torch.tensor([row + noise]), row % 3


class Words(Dataset):
    """Has its own way of making a batch: rows of different lengths, padded."""

    def __len__(self):
        return 4

    def __getitem__(self, row):
        return torch.ones(row + 1), row % 2

    def collate_fn(self, items):
        rows, labels = zip(*items, strict=True)
        return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True), torch.tensor(labels)


class Alone(Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, row):
        return torch.full((2,), float(row))


def test_batches_and_parts_are_those_of_the_data_set():
    found = examples(Squares()).subset(torch.arange(100, 200)).subset(torch.tensor([5, 1]))
    assert len(found) == 2
    (inputs, targets), (again, _) = found.batches([torch.tensor([1, 0]), torch.tensor([0])])
    assert inputs.dtype == torch.float32
    assert inputs.tolist() == [[101, 101**2], [105, 105**2]]
    assert targets.tolist() == [101 % 3, 105 % 3]
    assert again.tolist() == [[105, 105**2]]
    assert not found.in_memory
    assert found.inputs is None


def test_targets_come_from_the_table_where_it_is_true():
    data = Squares(table=True)
    found = examples(Subset(data, list(range(10, 300))))
    before = data.asked
    assert found.targets.tolist() == [row % 3 for row in range(10, 300)]
    assert data.asked - before < 50


def test_targets_are_read_through_where_the_table_is_not_what_batches_hold():
    found = examples(Squares(table=True, shift=1)).subset(torch.arange(100))
    assert found.targets.tolist() == [row % 3 + 1 for row in range(100)]
    assert examples(Squares()).targets.tolist() == [row % 3 for row in range(300)]


def test_the_runs_random_numbers_do_not_move():
    before = torch.random.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    found = examples(Squares())
    found.fingerprint()
    list(found.batches([torch.arange(5), torch.arange(5)]))
    after = torch.random.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_a_fingerprint_reads_a_few_examples_and_tells_data_sets_apart():
    data = Squares(size=10_000)
    found = examples(data)
    before = data.asked
    print_ = found.fingerprint()
    assert data.asked - before == 64
    assert print_ == examples(Squares(size=10_000)).fingerprint()
    others = [examples(Squares(9_999)), examples(Squares(10_000, shift=1)), found.subset(torch.arange(5_000))]
    assert len({print_, *(other.fingerprint() for other in others)}) == 4


def test_an_augmenting_data_set_has_one_fingerprint():
    found = examples(Augmented())
    torch.manual_seed(1)
    first = found.fingerprint()
    torch.manual_seed(2)
    assert found.fingerprint() == first


def test_a_data_set_makes_batches_its_own_way():
    inputs, targets = examples(Words()).batch(torch.tensor([0, 2]))
    assert inputs.tolist() == [[1, 0, 0], [1, 1, 1]]
    assert targets.tolist() == [0, 0]


def test_examples_without_a_target():
    found = examples(Alone())
    assert not found.has_targets
    assert found.targets is None
    assert [part.tolist() for part in found.batch(torch.tensor([2]))] == [[[2.0, 2.0]]]


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_batches_arrive_on_the_device(device):
    found = examples(Squares(), groups=np.arange(300) // 10).to(device)
    assert isinstance(found, FromDataset)
    assert all(part.device.type == device for part in found.batch(torch.tensor([0, 1])))
    assert found.groups is not None
