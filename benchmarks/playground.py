"""The playground with ten methods: the time of one frame's work, and frames in a second while it plays.

Goal: 60 frames a second with ten methods. What a frame draws is read back from the canvases, so that the browser cannot
put the work off. There is no graphics card in the browser that is timed: the processor draws everything.
"""

import os
import shutil
import statistics
import tempfile
from pathlib import Path

from evidence import conditions, record
from playwright.sync_api import sync_playwright

from ravine.report import playground

TEN = "sgd momentum nesterov adagrad adadelta rmsprop adam adamw nadam lion"
ROUNDS = 300

WORK = """(rounds) => {
    const times = [];
    for (let k = 0; k < rounds; k++) {
        state.at = ((k + 1) * state.budget) / rounds;
        playing = true;
        const began = performance.now();
        draw();
        for (const name of ["tracks", "chart"]) find(name).getContext("2d").getImageData(0, 0, 1, 1);
        times.push(performance.now() - began);
    }
    playing = false;
    return times;
}"""

DRAGGING = """(rounds) => {
    const times = [];
    for (let k = 0; k < rounds; k++) {
        const began = performance.now();
        state.start = [1 - k / rounds, 1 - k / rounds];
        recompute();
        draw();
        for (const name of ["tracks", "chart"]) find(name).getContext("2d").getImageData(0, 0, 1, 1);
        times.push(performance.now() - began);
    }
    return times;
}"""

FRAMES = """(plays) => new Promise((done) => {
    if (plays) {
        restart();
        play();
    }
    const seen = [];
    const look = (now) => {
        seen.push(now);
        if (now - seen[0] < 3000) requestAnimationFrame(look);
        else done((1000 * (seen.length - 1)) / (now - seen[0]));
    };
    requestAnimationFrame(look);
})"""


def run() -> None:
    """Measures, prints and keeps the figures."""
    players = ";".join(f"{name}()" for name in TEN.split())
    with tempfile.TemporaryDirectory() as folder:
        path = playground.write(Path(folder) / "playground.html")
        address = f"{path.as_uri()}#surface=rosenbrock&steps=1000&speed=100&methods={players}"
        with sync_playwright() as playwright:
            sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium has none for root
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=sandbox)
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            page.goto(address)
            for expression in (WORK, DRAGGING):  # a warm-up, until the browser has compiled what it runs
                page.evaluate(expression, ROUNDS)
            work, dragging = (page.evaluate(expression, ROUNDS) for expression in (WORK, DRAGGING))
            playing, version = page.evaluate(FRAMES, True), chromium.version
            page.goto("about:blank")
            idle = page.evaluate(FRAMES, False)
            chromium.close()
        lines = [
            *conditions("playwright"),
            f"load of the machine over the last minute, this included: {os.getloadavg()[0]:.1f}",
            f"Chromium {version}, headless, 1280 x 900, drawn by the processor; ten methods, 1000 evaluations",
            f"one frame while playing: {spread(work)} ms",
            f"one frame while dragging the start, all courses followed anew: {spread(dragging)} ms",
            f"frames in a second while playing, over 3 s: {playing:.1f}; of an empty page: {idle:.1f}",
            f"the page: {path.stat().st_size / 1000:.0f} kB",
        ]
    record("playground", lines)


def spread(times: list[float]) -> str:
    """The median and the 95th percentile."""
    high = statistics.quantiles(times, n=20)[-1]
    return f"median {statistics.median(times):.2f}, 95th percentile {high:.2f} of {len(times)}"


if __name__ == "__main__":
    run()
