"""A verdict in two sentences."""

from collections.abc import Callable, Sequence

from .judge import Verdict

MOST_NAMED = 3
"""More names than these are counted."""
NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def sentences(verdict: Verdict, measure: str, leader: str, show: Callable[[float], str]) -> list[str]:
    """Says what a verdict shows.

    Args:
        verdict: The verdict.
        measure: What was measured, in words.
        leader: The method that cross-validation chose.
        show: Writes a score.

    Returns:
        Two sentences: who leads with what score, and whom that can be told from.
    """
    first = verdict.of(leader)
    others = [method.name for method in verdict.methods if method.name != leader]
    opening = f"{leader} wins the cross-validation; its expected test {measure} is {show(first.mean)}."
    if not others:
        return [opening, "There is nothing to compare it with."]
    known = {name: verdict.conclusion(leader, name) for name in others}
    words = {"better": "it is better than", "worse": "it is worse than", "equal": "it is equal for your purpose to"}
    clauses = [
        f"{said} {_listed([name for name in others if known[name] == word])}"
        for word, said in words.items()
        if word in known.values()
    ]
    undecided = sum(word == "undecided" for word in known.values())
    if undecided:
        clauses.append(f"{_counted(undecided, len(others))} from it")
    on = f"on {verdict.examples} test examples and {_number(verdict.seeds)} seed{'s' if verdict.seeds > 1 else ''}"
    best = max(verdict.methods, key=lambda method: method.p_best)
    whose = "its own" if best.name == leader else f"{best.name}'s"
    sure = f"the best expected score is most likely {whose}, with a probability of {100 * best.p_best:.0f} %"
    return [opening, f"{_capital('; '.join(clauses))} {on}; {sure}."]


def reservation(proper: Verdict, measure: str, leader: str, show: Callable[[float], str]) -> list[str]:
    """Says where the method that cross-validation chose loses by the proper score.

    Args:
        proper: The verdict by the proper score.
        measure: That score, in words.
        leader: The method.
        show: Writes a score.

    Returns:
        One sentence; none where no method is better than it.
    """
    others = [one for one in proper.methods if one.name != leader]
    better = [one for one in others if proper.conclusion(one.name, leader) == "better"]
    if not better:
        return []
    best = min(better, key=lambda method: method.mean)
    whom = _listed([one.name for one in better]) if len(better) <= MOST_NAMED else f"{_number(len(better))} others"
    worse = f"by test {measure} {leader} is worse than {whom}"
    return [f"But {worse}: {show(proper.of(leader).mean)}, and {show(best.mean)} for {best.name}."]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _counted(count: int, of: int) -> str:
    """Counts those that cannot be told apart, as a clause that ends in "from it"."""
    if count == of:
        return "the other cannot be told" if of == 1 else f"none of the {_number(of)} others can be told"
    return f"{_number(count)} of the {_number(of)} others cannot be told"


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]  # str.capitalize would lower the names of methods
