"""Text is code, read without eval: `Adam(lr=warmup(0.05).then(cosine(0.001)))` and back.

What is read: literals, tuples, calls of names that the caller hands in, `.then(...)` and `*`. Everything else is
refused with one line, and nothing is ever evaluated.
"""

from .reading import read
from .splitting import read_list
from .writing import write

__all__ = ["read", "read_list", "write"]
