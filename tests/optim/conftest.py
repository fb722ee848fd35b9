"""How the tests of the drop-ins take what is no property of a step out of PyTorch's numbers."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def double() -> Iterator[None]:
    """PyTorch keeps its scalars, such as the product of NAdam's momenta, in the default precision."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def without_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Muon's iteration in full precision, in PyTorch too: by its rounding alone, paths part at the third digit."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
