"""Equations as a browser draws them, with nothing in them that is not mathematics."""

import html
from html.parser import HTMLParser

ELEMENTS = """
    math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle
    mpadded mphantom mfenced menclose semantics
"""
ATTRIBUTES = """
    display displaystyle scriptlevel mathvariant stretchy fence separator accent accentunder columnalign rowspacing
    columnspacing width height depth lspace rspace linethickness minsize maxsize movablelimits linebreak form
"""
KNOWN, KEPT = frozenset(ELEMENTS.split()), frozenset(ATTRIBUTES.split())


class _Mathematics(HTMLParser):
    """Copies the elements and attributes that are mathematics; words between them are escaped."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in KNOWN:
            kept = "".join(f' {k}="{html.escape(v or "")}"' for k, v in attrs if k in KEPT)
            self.parts.append(f"<{tag}{kept}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in KNOWN:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(html.escape(data, quote=False))


def only_mathematics(text: str) -> str:
    """Takes everything out of MathML that is not mathematics, so that no rule's name can become a script.

    Args:
        text: MathML.

    Returns:
        The same equation; unknown elements are gone, their words stay as words.

    >>> only_mathematics('<math onclick="x()"><mi>p</mi><script>alert(1)</script></math>')
    '<math><mi>p</mi>alert(1)</math>'
    """
    reader = _Mathematics()
    reader.feed(text)
    reader.close()
    return "".join(reader.parts)
