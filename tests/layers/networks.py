"""Networks of other people's: layers as attributes, functions, branches, shared and lazy layers, loops over data."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Functional(nn.Module):
    """Activations and poolings as functions, as in many tutorials; layers in another order than their calls."""

    def __init__(self):
        super().__init__()
        self.fc2 = nn.Linear(10, 3)
        self.fc1 = nn.Linear(4 * 4 * 4, 10)
        self.conv = nn.Conv2d(1, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.conv(x)), 2)
        x = functional.relu(self.fc1(x.view(x.size(0), -1)))
        return self.fc2(x)


class Residual(nn.Module):
    """A stem, two blocks with a shortcut, of which one is normalized, and two heads."""

    class Block(nn.Module):
        def __init__(self, normalized: bool):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv1d(4, 4, 3, padding=1), nn.Conv1d(4, 4, 3, padding=1)
            self.norm1, self.norm2 = (nn.BatchNorm1d(4) if normalized else nn.Identity() for _ in range(2))
            self.act = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            inner = self.norm2(self.conv2(self.act(self.norm1(self.conv1(x)))))
            return self.act(x + inner)

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv1d(2, 4, 1)
        self.blocks = nn.ModuleList([self.Block(normalized=True), self.Block(normalized=False)])
        self.heads = nn.ModuleDict({"a": nn.Linear(4, 2), "b": nn.Linear(4, 3)})

    def forward(self, x: Tensor, times: int | None = None) -> Tensor:
        x = self.stem(x)
        for _ in range(0 if times is None else times):
            x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        x = x.mean(dim=2)
        return torch.cat([self.heads["a"](x), self.heads["b"](x)], dim=1)


class Shared(nn.Module):
    """One layer called twice, under two names, and one that nobody calls."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.again = self.twice = nn.Linear(4, 4)
        self.last = nn.Linear(4, 2)
        self.spare = nn.Linear(4, 4)
        self.act = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.act(self.again(self.act(self.twice(self.act(self.first(x)))))))


class Recurrent(nn.Module):
    """Its LSTM gives several outputs; words come in."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(7, 4)
        self.lstm = nn.LSTM(4, 5, batch_first=True)
        self.last = nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.lstm(self.words(x))[0][:, -1])


class Looping(nn.Module):
    """What it does depends on the numbers that come in."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc1(x)
        return self.fc2(x if x.sum() > 0 else -x)


def two_layers(*behind_first: nn.Module, before_last: nn.Module | None = None) -> nn.Sequential:
    """A perceptron, with whatever somebody put in by hand."""
    first, last = nn.Linear(4, 6), nn.Linear(6, 2)
    extra = [] if before_last is None else [before_last]
    return nn.Sequential(first, *behind_first, nn.Tanh(), *extra, last)
