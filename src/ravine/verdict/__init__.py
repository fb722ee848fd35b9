"""The verdict: which way of training is better, and how sure that is."""

from .judge import Method, Pair, Verdict, judge
from .sentences import reservation, sentences

__all__ = ["Method", "Pair", "Verdict", "judge", "reservation", "sentences"]
