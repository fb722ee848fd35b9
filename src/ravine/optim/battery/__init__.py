"""The common battery that every rule, a user's own too, is put through."""

from .battery import battery
from .subject import Finding

__all__ = ["Finding", "battery"]
