"""What every kernel does with the table's rows, whatever the rule."""

from numba import float32, float64, njit

from .memory import array, call, take

word, _ = array("int64")
double, put_double = array("float64")
single, put_single = array("float32")


@njit(nogil=True)
def count(address):
    """Counts this step; a negative address is that of a float64, and 0 means that nobody counts."""
    if address > 0:
        put_single(address, 0, single(address, 0) + float32(1))
        return float64(single(address, 0))
    if address < 0:
        put_double(-address, 0, double(-address, 0) + 1)
        return double(-address, 0)
    return 0.0


@njit(nogil=True)
def summed(partials, columns, column, first, last):
    """Adds up what the blocks gave, always in the same order."""
    total = 0.0
    for b in range(first, last):
        total += double(partials, b * columns + column)
    return total


@njit(nogil=True)
def take_blocks(task):
    """Takes blocks, some at a time, as long as there are any; a task is kernel, table, part, next, blocks, portion."""
    blocks, portion = word(task, 4), word(task, 5)
    begun = task + 3 * 8
    first = take(begun, portion)  # pyright: ignore[reportCallIssue] - Numba hands in the first argument
    while first < blocks:
        call(word(task, 0), word(task, 1), word(task, 2), first, min(first + portion, blocks))
        first = take(begun, portion)  # pyright: ignore[reportCallIssue]
