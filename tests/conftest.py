"""What all tests need: a real browser, an ear for Ctrl-C, and a loud word on what this machine could not run."""

import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
MISSING = "no Chromium is installed (Debian: apt-get install chromium; or name one: CHROMIUM=path)"

NO_FFMPEG = "no ffmpeg is installed (Debian: apt-get install ffmpeg)"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium of the system's; Playwright would download one of its own, which no test may."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(MISSING)
    from playwright.sync_api import sync_playwright

    sandbox = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium has none for root
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"] if sandbox else [])
        yield chromium
        chromium.close()


def pytest_configure() -> None:
    """Hears Ctrl-C also where a shell without job control runs the tests behind itself, and so has it ignored.

    Every process that is started inherits that it is ignored, and the tests of Ctrl-C would wait in vain.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A test that did not run is no test that passed."""
    reports = terminalreporter.stats.get("skipped", [])
    missed = {why: [r.nodeid for r in reports if why in str(r.longrepr)] for why in (MISSING, NO_FFMPEG)}
    if any(missed.values()):
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
    for why, nodeids in missed.items():
        if nodeids:
            terminalreporter.line(f"{len(nodeids)} tests DID NOT RUN: {why}.", red=True)
        for nodeid in nodeids:
            terminalreporter.line(f"  {nodeid}")
