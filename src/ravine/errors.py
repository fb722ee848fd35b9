"""The one error that a user's mistake raises, and the nearest name for a misspelled one."""

import difflib
from collections.abc import Iterable


class RavineError(ValueError):
    """A user's mistake, told in one line: what was given, the bound, and what to do.

    It is raised where input enters, never deep inside. The command line prints it and exits with 2.
    """


def nearest(name: str, names: Iterable[str]) -> str:
    """Ends an error sentence with the known name that looks most like the one typed.

    Args:
        name: What was typed.
        names: The names that exist.

    Returns:
        A space and a question, or nothing where no name is close.

    >>> nearest("adma", ["adam", "sgd"])
    " Did you mean 'adam'?"
    >>> nearest("xyz", ["adam", "sgd"])
    ''
    """
    lowered = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return f" Did you mean '{lowered[close[0]]}'?" if close else ""
