"""The stage of the browser tests: a desk on real processes, and somebody who works at it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "Yiyang-desk-2019"
ROLES = ("liaison", "handler", "approver", "supervisor", "admin", "auditor")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = Path(os.environ["DESK_PICTURES"]) if os.environ.get("DESK_PICTURES") else None


def browser_or_skip() -> None:
    if CHROMIUM is None:
        if os.environ.get("DESK_REQUIRE_BROWSER"):
            pytest.fail("Chromium is required here and is not installed")
        warnings.warn(pytest.PytestWarning("SKIPPED: no Chromium on this machine"), stacklevel=2)
        pytest.skip("no Chromium on this machine")


class Desk:
    """A desk brought up the way `make run` does it, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {**os.environ, "DESK_INSTANCE": str(folder), "PORT": str(self.port), "WEB_WORKERS": "1"}
        for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "DESK_ENV"):
            self.environ.pop(name, None)
        self.log = folder.parent / "launcher.log"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workers.launcher"], cwd=ROOT, env=self.environ,
            stdout=self.log.open("w"), stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def wait(self) -> None:
        for _ in range(3000):
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            if self.process.poll() is not None:
                pytest.fail(f"the desk did not start: {self.log.read_text()[-800:]}")
            time.sleep(0.1)
        pytest.fail("the desk did not answer within five minutes")

    def flask(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=90)


class Person:
    """Somebody at the desk, in a browser of their own; every page must come without an error in its console."""

    def __init__(self, browser, desk: Desk, login: str, width: int = 1280) -> None:
        self.desk, self.problems = desk, []
        self.page = browser.new_context(
            viewport={"width": width, "height": 900}, locale="zh-CN", reduced_motion="reduce"
        ).new_page()
        self.page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        self.page.goto(f"{desk.url}/sign-in")
        self.page.fill("[name=login]", login)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click(".sign-in-sheet button")

    def go(self, path: str) -> "Person":
        self.page.goto(self.desk.url + path)
        return self

    def act(self, action: str, **values: str) -> None:
        """Take one act: open its sheet when it has one, fill it in, send it."""
        form = self.page.locator("form", has=self.page.locator(f"input[name=action][value={action}]")).first
        sheet = self.page.locator("details.act", has=self.page.locator(f"input[name=action][value={action}]")).first
        if sheet.count():
            sheet.locator("summary").first.click()
        for name, value in values.items():
            field = form.locator(f"[name={name}]").first
            tag = field.evaluate("node => node.tagName + (node.type || '')")
            if tag.startswith("SELECT"):
                field.select_option(value)
            elif tag.endswith("checkbox"):
                field.check()
            else:
                field.fill(value)
        form.locator("button").last.click()
        self.page.wait_for_load_state()

    def case_from(self, feed: str, title: str) -> str:
        """Take a feed document in, and return the number of the case that the workers opened from it."""
        document = Path(self.desk.environ["DESK_INSTANCE"]).parent / "验收信源.xml"
        document.write_text(feed, encoding="utf-8")
        self.desk.flask("ingest", "--file", str(document))
        for _ in range(600):
            self.go(f"/cases?q={title}")
            links = self.page.locator("tbody td a")
            if links.count():
                return re.search(r"/cases/([^/?]+)$", links.first.get_attribute("href"))[1]
            time.sleep(0.3)
        pytest.fail("the workers opened no case within three minutes")

    def sees(self, text: str) -> bool:
        return text in self.page.inner_text("body")

    def fits(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
