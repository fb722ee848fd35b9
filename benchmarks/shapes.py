"""The shapes of three networks' parameters: what a step costs depends on them, and on nothing else of a network."""

Shape = tuple[int, ...]

MLP: list[Shape] = [(64, 64), (64,), (64, 64), (64,), (10, 64), (10,)]
"""64-64-64-10, 9 thousand parameters in 6 tensors."""


def _resnet18() -> list[Shape]:
    """He et al. 2016, table 1, 18 layers, 1000 classes: 11.7 million parameters in 62 tensors."""
    shapes: list[Shape] = [(64, 3, 7, 7), (64,), (64,)]
    width = 64
    for new in (64, 128, 256, 512):
        for block in range(2):
            first = width if block == 0 else new
            shapes += [(new, first, 3, 3), (new,), (new,), (new, new, 3, 3), (new,), (new,)]
            if block == 0 and first != new:
                shapes += [(new, first, 1, 1), (new,), (new,)]
        width = new
    return [*shapes, (1000, 512), (1000,)]


def _gpt2_small() -> list[Shape]:
    """Radford et al. 2019, 12 layers of width 768, 50257 tokens: 124 million parameters in 148 tensors."""
    d = 768
    attention: list[Shape] = [(d,), (d,), (d, 3 * d), (3 * d,), (d, d), (d,)]
    perceptron: list[Shape] = [(d,), (d,), (d, 4 * d), (4 * d,), (4 * d, d), (d,)]
    return [(50257, d), (1024, d), *(attention + perceptron) * 12, (d,), (d,)]


NETWORKS = {"MLP": MLP, "ResNet-18": _resnet18(), "GPT-2 small": _gpt2_small()}
