"""Code on the page, with its words colored."""

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import BashLexer, PythonLexer

LEXERS = {"python": PythonLexer, "shell": BashLexer}


def colored(text: str, language: str) -> Markup:
    """Marks the words of a program for the page's colors.

    Args:
        text: The program.
        language: "python" or "shell".

    Returns:
        HTML in which everything of the program is escaped.

    >>> print(colored("x < 1", "python"))
    <span class="n">x</span> <span class="o">&lt;</span> <span class="mi">1</span>
    """
    marked = highlight(text.strip("\n"), LEXERS[language](ensurenl=False), HtmlFormatter(nowrap=True))
    return Markup(marked.removesuffix("\n"))  # Pygments escapes what it marks
