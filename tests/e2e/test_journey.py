"""The whole desk in a real browser: from a feed document to a published answer, on real processes."""

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
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "Yiyang-desk-2019"
TITLE = "赫山区金山路小学校车停运，学生上学难"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = Path(os.environ["DESK_PICTURES"]) if os.environ.get("DESK_PICTURES") else None

FEED = f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>浏览器验收信源</title><item><title>{TITLE}</title>
<guid>journey-1</guid><link>https://forum.example/journey/1</link>
<description>学校校车停运两周，家长接送困难。请问校车什么时候恢复？电话13812345678。</description></item></channel></rss>"""


def _browser_or_skip() -> None:
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
        for _ in range(1200):
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            if self.process.poll() is not None:
                pytest.fail(f"the desk did not start: {self.log.read_text()[-800:]}")
            time.sleep(0.1)
        pytest.fail("the desk did not answer within two minutes")

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
        self.process.wait(timeout=40)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    _browser_or_skip()
    running = Desk(tmp_path_factory.mktemp("desk") / "instance")
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    _browser_or_skip()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


class Person:
    """Somebody at the desk, in a browser of their own; every page must come without an error in its console."""

    def __init__(self, browser, desk: Desk, login: str, width: int = 1280) -> None:
        self.desk, self.problems = desk, []
        self.page = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN").new_page()
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

    def sees(self, text: str) -> bool:
        return text in self.page.inner_text("body")

    def fits(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def _case_of(desk: Desk, liaison: Person) -> str:
    feed = Path(desk.environ["DESK_INSTANCE"]).parent / "浏览器验收信源.xml"
    feed.write_text(FEED, encoding="utf-8")
    desk.flask("ingest", "--file", str(feed))
    for _ in range(300):
        liaison.go(f"/cases?q={TITLE}")
        links = liaison.page.locator("tbody td a")
        if links.count():
            return re.search(r"/cases/(.+)$", links.first.get_attribute("href"))[1]
        time.sleep(0.3)
    pytest.fail("the workers opened no case within 90 seconds")


def _answer(handler: Person) -> None:
    """Accept the case, file the assessment, write the draft and tie the concerns to it."""
    handler.act("accept")
    form = handler.page.locator("form[action$='/assess']")
    form.locator("[name=facts]").fill("校车运营公司合同到期，两条线路自本月中旬停运。")
    form.locator("[name=handling]").fill("协调新的运营公司，停运期间安排教师护送。")
    form.locator("[name=risk_description]").first.fill("学生自行上学存在安全隐患")
    form.locator("button").click()
    draft = handler.page.locator("form[action$='/draft']")
    draft.locator("[name=response_kind]").select_option("hardship")
    for name, text in {
        "facts": "经核实，金山路小学两条校车线路因运营合同到期，自本月中旬起停运。",
        "measures": "已确定新的运营公司，停运期间由学校组织教师护送。",
        "result": "两条线路将于下周一恢复运行。",
        "contact": "0737-12345（教育服务热线）",
    }.items():
        draft.locator(f"[name={name}]").fill(text)
    draft.locator("button").click()
    concerns = handler.page.locator("form[action$='/concerns']")
    concerns.locator("[name=outcome]").first.select_option("answered")
    if not concerns.locator("[name=question]").first.input_value():
        concerns.locator("[name=question]").first.fill("校车什么时候恢复？")
    concerns.locator("[name=passage]").first.fill("两条线路将于下周一恢复运行。")
    for index in range(1, concerns.locator("[name=outcome]").count() - 1):
        concerns.locator("[name=question]").nth(index).fill("")
    concerns.locator("button").click()


@pytest.mark.browser
@pytest.mark.timeout(240)
def test_a_concern_travels_from_the_feed_to_a_published_answer(desk: Desk, browser) -> None:
    liaison, handler, approver = (Person(browser, desk, login) for login in ("liaison", "handler", "approver"))
    number = _case_of(desk, liaison)
    liaison.go(f"/cases/{number}")
    assert not liaison.sees("13812345678")
    department = liaison.page.locator("option", has_text="市教育局").first.get_attribute("value")
    action = "dispatch" if liaison.page.locator("input[value=dispatch]").count() else "reroute"
    if not liaison.sees("等待市教育局签收"):
        values = {"department_id": department} | ({"note": "属教育部门职责"} if action == "reroute" else {})
        liaison.act(action, **values)

    _answer(handler.go(f"/cases/{number}"))
    handler.act("submit")
    assert handler.sees("等待市教育局分管领导审签")

    approver.go(f"/cases/{number}").act("sign")
    assert approver.sees("等待联络员发布")
    liaison.go(f"/cases/{number}").act("publish", is_cleared="1")
    assert liaison.sees("回应已发布")

    anybody = browser.new_context().new_page()
    anybody.goto(f"{desk.url}/responses")
    anybody.click(f"a:has-text('{TITLE}')")
    assert "两条线路将于下周一恢复运行。" in anybody.inner_text("body")
    liaison.act("follow")
    liaison.act("close", review_on="2099-01-04")
    assert liaison.sees("案件已办结")
    assert liaison.problems + handler.problems + approver.problems == []
    if PICTURES:
        liaison.page.screenshot(path=PICTURES / "case.png")


PAGES = ("/", "/triage", "/cases", "/cases?late=1", "/sources", "/responses", "/responses/1", "/account")


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_its_screen_without_console_errors(desk: Desk, browser, width: int) -> None:
    person = Person(browser, desk, "liaison", width)

    wide = [path for path in PAGES if not person.go(path).fits()]

    assert wide == []
    assert person.problems == []
    if PICTURES:
        for name, path in (("home", "/"), ("triage", "/triage"), ("cases", "/cases?late=1")):
            person.go(path).page.screenshot(path=PICTURES / f"{name}-{width}.png")


@pytest.mark.browser
def test_the_desk_works_without_javascript_and_in_english(desk: Desk, browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{desk.url}/sign-in?next=/cases")
    page.fill("[name=login]", "supervisor")
    page.fill("[name=password]", PASSWORD)
    page.click(".sign-in-sheet button")
    page.goto(f"{desk.url}/language/en")
    page.goto(f"{desk.url}/cases?late=1")

    assert page.get_attribute("html", "lang") == "en"
    assert page.locator("tbody tr").count() > 0
