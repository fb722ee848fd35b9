"""Reads a page back: its elements, attributes and words."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """What stands on a page, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[str, str]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append((self.tags[-1][0] if self.tags else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def text(self) -> str:
        return " ".join(" ".join(word for tag, word in self.words if tag not in ("script", "style")).split())


def parsed(text: str) -> Page:
    """A page, read by Python's parser, which knows nothing of ours."""
    page = Page()
    page.feed(text)
    page.close()
    return page
