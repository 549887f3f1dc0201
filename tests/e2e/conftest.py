"""One desk and one browser for all browser tests; both are gone before the other tests begin."""

from collections.abc import Iterator

import pytest

from tests.e2e.stage import CHROMIUM, Desk, browser_or_skip


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    browser_or_skip()
    running = Desk(tmp_path_factory.mktemp("desk") / "instance")
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[object]:
    browser_or_skip()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()
