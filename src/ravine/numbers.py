"""Numbers as a reader wants them: the digits that are sure, percent for shares, a dash where there is none."""

import math
from collections.abc import Iterable

MISSING = "–"
"""What stands where there is no number."""

MINUS = "\N{MINUS SIGN}"

SHARES = frozenset(["accuracy", "balanced accuracy", "error", "error rate"])
"""Metrics that are shares of the examples, shown in percent."""

ABBREVIATIONS = {"r2": "R²", "f1": "F1", "auc": "AUC", "rmse": "RMSE", "mse": "MSE", "mae": "MAE"}


def in_words(metric: str) -> str:
    """Writes a metric's name as words.

    Args:
        metric: The name, as it is typed.

    Returns:
        The usual abbreviation, or the name with spaces.

    >>> in_words("log_loss"), in_words("r2")
    ('log loss', 'R²')
    """
    return ABBREVIATIONS.get(metric.lower(), metric.replace("_", " "))


def is_share(metric: str) -> bool:
    """Tells whether a metric is shown in percent.

    Args:
        metric: Its name, as it is typed or in words.

    Returns:
        Whether it is a share of the examples.

    >>> is_share("balanced_accuracy"), is_share("r2")
    (True, False)
    """
    return in_words(metric).lower() in SHARES


def decimals(half_widths: Iterable[float], most: int = 4, two_below: float = 2.0) -> int:
    """Finds how many decimals a column of numbers deserves, by how sure its typical number is.

    Args:
        half_widths: The uncertainty of each number, as half the width of its interval.
        most: How many decimals there are at most.
        two_below: Two significant digits of the uncertainty are kept where it begins with less than that, else one.

    Returns:
        The number of decimals, at least 0; 2 where nothing is known of the uncertainty.

    >>> decimals([0.6, 0.7, 5.0]), decimals([0.0013]), decimals([25.0]), decimals([])
    (1, 4, 0, 2)
    """
    known = sorted(width for width in half_widths if math.isfinite(width) and width > 0)
    if not known:
        return 2
    typical = known[(len(known) - 1) // 2]
    power = math.floor(math.log10(typical))
    leading = typical / 10**power
    return min(most, max(0, -power + (leading < two_below)))


def number(value: float, digits: int, *, share: bool = False, signed: bool = False) -> str:
    """Writes a number with a given count of decimals.

    Args:
        value: The number; NaN for none.
        digits: Its decimals, after it was turned to percent where it is a share.
        share: Whether it is shown in percent; the sign for percent is left to `unit`.
        signed: Whether a plus is written too.

    Returns:
        The number as text, with a true minus sign.

    >>> number(0.98412, 1, share=True), number(-0.5, 2), number(float("nan"), 2)
    ('98.4', '−0.50', '–')
    """
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else "∞" if value > 0 else f"{MINUS}∞"
    text = f"{100 * value if share else value:{'+' if signed else ''}.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-+")
    return text.replace("-", MINUS)


def unit(share: bool) -> str:
    """Gives what follows a number: a percent sign, or nothing."""
    return " %" if share else ""


def span(low: float, high: float, digits: int, *, share: bool = False) -> str:
    """Writes an interval.

    Args:
        low: Its low end; NaN for none.
        high: Its high end.
        digits: The decimals of both.
        share: Whether it is shown in percent.

    Returns:
        Both ends with an en dash between, or "to" where one of them is negative.

    >>> print(span(0.981, 0.987, 1, share=True), "and", span(-0.2, 0.4, 1))
    98.1–98.7 and −0.2 to 0.4
    """
    if math.isnan(low) or math.isnan(high):
        return MISSING
    between = " to " if low < 0 else "–"
    return between.join(number(end, digits, share=share) for end in (low, high))


def probability(value: float) -> str:
    """Writes a probability in percent, never as certain.

    Args:
        value: The probability; NaN for none.

    Returns:
        Whole percents; below 1 and above 99 it says so.

    >>> print(probability(0.62), probability(0.9991), probability(0.0))
    62 % > 99 % < 1 %
    """
    if math.isnan(value):
        return MISSING
    if value > 0.99:
        return "> 99 %"
    if value < 0.01:
        return "< 1 %"
    return f"{100 * value:.0f} %"


def count(value: float) -> str:
    """Writes a large count with three digits and its unit.

    Args:
        value: The count; NaN for none.

    Returns:
        The count; k, M and G stand for thousands, millions and billions.

    >>> print(count(431_250), count(12_400_000), count(88), count(999_960))
    431 k 12.4 M 88 1.00 M
    """
    if not math.isfinite(value):
        return MISSING
    size = abs(value)
    for power, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= power * 0.9995:
            scaled = value / power
            places = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
            return f"{scaled:.{places}f} {letter}"
    return f"{value:.0f}"


def short(value: float) -> str:
    """Writes a number of any size with three significant digits.

    Args:
        value: The number; NaN for none.

    Returns:
        The number, in powers of ten where it is very large or small.

    >>> short(0.00421), short(0.1), short(3e-7), short(1234.5)
    ('0.00421', '0.1', '3e−07', '1.23e+03')
    """
    if not math.isfinite(value):
        return MISSING
    return f"{value:.3g}".replace("-", MINUS)


def counted(number: int, what: str) -> str:
    """Counts things in words.

    Args:
        number: How many.
        what: One of them.

    Returns:
        Such as "1 run" or "2 runs".

    >>> counted(1, "run"), counted(2, "run")
    ('1 run', '2 runs')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Writes a length of time.

    Args:
        seconds: The time; NaN for none.

    Returns:
        Seconds, minutes or hours.

    >>> print(duration(8.2), "/", duration(90), "/", duration(8000))
    8.2 s / 1 min 30 s / 2 h 13 min
    """
    if not math.isfinite(seconds):
        return MISSING
    if seconds < 59.5:
        return f"{seconds:.{1 if seconds < 9.95 else 0}f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
