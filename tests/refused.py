"""What every refusal has to be: one line that says what is wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from ravine.errors import RavineError


def check_refused(wrong: Callable[[], Any], says: str) -> None:
    """Sees that a mistake is refused in one line, which says what it should."""
    with pytest.raises(RavineError) as raised:
        wrong()
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
