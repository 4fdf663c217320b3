"""A page in a real browser: headless Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def browser() -> Iterator[Any]:
    """A running Chromium; skips the test where Playwright or Chromium is missing."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("there is no Chromium here")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield running
        running.close()


class Page:
    """A report opened in a tab. said: what reached the console, requests: what was fetched."""

    def __init__(self, running: Any, path: Path, link: str = "", **options: Any) -> None:
        self.said: list[str] = []
        self.requests: list[str] = []
        self.tab = running.new_page(viewport={"width": 1280, "height": 860}, **options)
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(path.as_uri() + link)

    def ready(self) -> Page:
        """The same page, once its script has drawn the graph."""
        self.tab.wait_for_selector("body[data-ready]", timeout=10_000)
        return self

    def press(self, *keys: str) -> None:
        """Presses keys, and lets the page draw."""
        for key in keys:
            self.tab.keyboard.press(key)
        self.settle()

    def settle(self) -> None:
        """Waits for two frames."""
        self.tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def text(self, selector: str) -> str:
        """The text of the first element that matches."""
        return str(self.tab.text_content(selector))

    def count(self, selector: str) -> int:
        """How many elements match."""
        return int(self.tab.locator(selector).count())
