"""The whole desk in a real browser: from a feed document to a published answer, on real processes."""

import pytest

from tests.e2e.stage import PASSWORD, PICTURES, Desk, Person

pytestmark = pytest.mark.browser

TITLE = "赫山区金山路小学校车停运，学生上学难"

FEED = f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>浏览器验收信源</title><item><title>{TITLE}</title>
<guid>journey-1</guid><link>https://forum.example/journey/1</link>
<description>学校校车停运两周，家长接送困难。请问校车什么时候恢复？电话13812345678。</description></item></channel></rss>"""


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
    concerns.locator("button").last.click()


@pytest.mark.timeout(480)
def test_a_concern_travels_from_the_feed_to_a_published_answer(desk: Desk, browser) -> None:
    liaison, handler, approver = (Person(browser, desk, login) for login in ("liaison", "handler", "approver"))
    number = liaison.case_from(FEED, TITLE)
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
