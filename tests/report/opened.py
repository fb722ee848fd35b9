"""A page as it is seen: in a real browser, from disk, on a desk and on a phone."""

DESK = {"viewport": {"width": 1280, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 3,
}  # fmt: skip

CONTRAST = """() => {
    const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const paper = (e) => {
        for (; e; e = e.parentElement) {
            const c = rgb(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] === 1) return c;
        }
        return [255, 255, 255];
    };
    return [...document.querySelectorAll('body *')]
        .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length)
        .filter(e => !e.closest('script, noscript, .unseen'))
        .map(e => {
            const style = getComputedStyle(e);
            const ink = light(rgb(e.closest('svg') ? style.fill : style.color)), ground = light(paper(e));
            return [(Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05), e.textContent.slice(0, 40)];
        })
        .filter(([contrast]) => contrast < 4.5);
}"""
"""The words whose contrast to what they stand on is below that of WCAG 2.2 (1.4.3), with it."""


class Opened:
    """A page in a browser, and everything that it complained of or asked for."""

    def __init__(self, browser, path, address: str = "", **options) -> None:
        self.context = browser.new_context(**(DESK | options))
        self.page = self.context.new_page()
        self.heard: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.heard.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.heard.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url.partition("#")[0]))
        self.page.goto(path.as_uri() + address)


def rgb(color: str) -> str:
    """A color as a browser writes it."""
    return f"rgb({', '.join(str(int(color[i : i + 2], 16)) for i in (1, 3, 5))})"
