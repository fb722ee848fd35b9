"""The triton engine: steps on a GPU, every rule and every model by kernels over one table of addresses."""

from .engine import Triton

__all__ = ["Triton"]
