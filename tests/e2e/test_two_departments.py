"""Two departments in a real browser: a return and its ruling, a part and a dispute over the draft, to the public page."""

import pytest

from tests.e2e.stage import PICTURES, Desk, Person

pytestmark = pytest.mark.browser

TITLE = "桃花仑路校车与货车争道，学生上学不安全"
FEED = f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>两部门验收信源</title><item><title>{TITLE}</title>
<guid>two-1</guid><link>https://forum.example/two/1</link>
<description>桃花仑路小学校车上下客时货车通行，学校家长担心。请问货车什么时候限行？希望公布校车停靠点。</description></item></channel></rss>"""
PART = "核查情况：该路段早高峰货车日均46辆次。限行措施自2026年4月1日起实施。"
DRAFT = {
    "facts": "经核实，桃花仑路小学门前早高峰货车日均36辆次，校车上下客与货车通行冲突，反映属实。",
    "basis": "依据《校车安全管理条例》第三十二条。",
    "measures": "校车停靠点移至学校南门，并已向家长公布停靠点位置。",
    "result": "货车限行措施自2026年4月1日起实施。",
    "contact": "0737-12345（教育服务热线）",
}


def _hand_to(person: Person, action: str, lead: str, co: str = "", **values: str) -> None:
    """Dispatch, re-route or rule: the lead by its name, with at most one co-department."""
    form = person.page.locator("form", has=person.page.locator(f"input[name=action][value={action}]")).first
    sheet = person.page.locator("details.act", has=person.page.locator(f"input[name=action][value={action}]")).first
    sheet.locator("summary").first.click()
    form.locator("select[name=department_id]").first.select_option(label=lead)
    if co:
        form.locator("details summary").last.click()
        form.get_by_label(co, exact=True).check()
    for name, text in values.items():
        form.locator(f"[name={name}]").first.fill(text)
    form.locator("button").last.click()
    person.page.wait_for_load_state()


def _assess(handler: Person) -> None:
    form = handler.page.locator("form[action$='/assess']")
    form.locator("[name=facts]").fill("校车上下客时货车通行，情况属实。")
    form.locator("[name=affected]").fill("该校学生及家长约四百人")
    form.locator("[name=handling]").fill("移设停靠点，会同公安机关限行。")
    form.locator("[name=risk_description]").first.fill("发生交通事故")
    form.locator("[name=likelihood]").first.select_option("3")
    form.locator("[name=impact]").first.select_option("4")
    form.locator("button").last.click()
    handler.page.wait_for_load_state()


def _write(handler: Person, **parts: str) -> None:
    form = handler.page.locator("form[action$='/draft']")
    form.locator("[name=response_kind]").select_option("hardship")
    for name, text in parts.items():
        form.locator(f"[name={name}]").fill(text)
    form.locator("button").last.click()
    handler.page.wait_for_load_state()


def _adopt_every_passage(handler: Person) -> None:
    """Take the proposed passages; what none was proposed for is tied to the measures by hand."""
    form = handler.page.locator("form[action$='/concerns']")
    everything = form.locator("button[name=adopt][value=all]")
    (everything if everything.count() else form.locator("button[name=adopt]").first).click()
    handler.page.wait_for_load_state()
    form = handler.page.locator("form[action$='/concerns']")
    for index in range(form.locator("[name=outcome]").count() - 1):
        if form.locator("[name=outcome]").nth(index).input_value() == "open":
            form.locator("[name=outcome]").nth(index).select_option("answered")
            form.locator("[name=passage]").nth(index).fill(DRAFT["measures"])
    form.locator("button", has_text="保存关切清单").click()
    handler.page.wait_for_load_state()


class Cast:
    """Everybody who works on the case; the approvers decide on a phone."""

    def __init__(self, desk: Desk, browser) -> None:
        self.liaison, self.supervisor = Person(browser, desk, "liaison"), Person(browser, desk, "supervisor")
        self.handler, self.police = Person(browser, desk, "handler"), Person(browser, desk, "handler.gaj")
        self.leader = Person(browser, desk, "approver", 390)
        self.chief = Person(browser, desk, "approver.gaj", 390)

    @property
    def problems(self) -> list[str]:
        return [problem for one in vars(self).values() for problem in one.problems]


def _return_and_rule(cast: Cast, path: str) -> None:
    """The police get the case first and send it back; the desk rules: education leads, the police co-handle."""
    cast.liaison.go(path)
    waits = cast.liaison.page.locator("input[name=action][value=dispatch]").count()
    values = {} if waits else {"note": "先由公安核查"}
    _hand_to(cast.liaison, "dispatch" if waits else "reroute", "市公安局", **values)
    duty = cast.police.go(path).page.locator("#duty-return option").nth(1).get_attribute("value")
    cast.police.act("return", note="校车停靠点由教育部门管理", reason_code="not_our_duty", duty=duty)
    assert cast.liaison.go(path).sees("已退办")
    _hand_to(cast.liaison, "rule", "市教育局", "市公安局", note="停靠点属教育部门职责，限行由公安协办")


def _assess_and_contribute(cast: Cast, path: str) -> None:
    """The lead accepts and assesses; the police hand in their own part."""
    cast.handler.go(path).act("accept")
    _assess(cast.handler)
    assert cast.handler.sees("3 × 4 = 12")
    part = cast.police.go(path).page.locator("form[action$='/part']")
    part.locator("[name=note]").fill(PART)
    part.locator("button").click()
    cast.police.page.wait_for_load_state()


def _disagree_and_settle(cast: Cast, path: str) -> None:
    """The first draft contradicts the part: the checks say so, the police object, the office asks for a revision."""
    _write(cast.handler.go(path), **DRAFT)
    assert cast.handler.sees("数字与市公安局的协办意见不一致")
    _adopt_every_passage(cast.handler)
    cast.handler.act("submit")
    cast.chief.go(path).act("object", note="货车流量应为日均46辆次")
    ruling = cast.supervisor.go(path).page.locator("form[action*='/disputes/']")
    assert ruling.count() == 1
    ruling.locator("input[value=revise]").check()
    ruling.locator("[name=note]").fill("以公安交管部门统计为准")
    ruling.locator("button").click()
    cast.supervisor.page.wait_for_load_state()


def _sign_and_publish(cast: Cast, path: str) -> None:
    """A second version is countersigned and signed on phones, and published with the table of questions."""
    _write(cast.handler.go(path), facts=DRAFT["facts"].replace("36辆", "46辆"))
    assert not cast.handler.sees("与市公安局的协办意见不一致")
    cast.handler.act("submit")
    cast.chief.go(path).act("countersign")
    cast.leader.go(f"{path}/review")
    assert cast.leader.sees("公开页预览")
    assert cast.leader.sees("已会签第 2 版")
    assert cast.leader.fits()
    cast.leader.act("sign")
    cast.liaison.go(path).act("publish", is_cleared="1", shows_coverage="1")
    assert cast.liaison.sees("回应已发布")


@pytest.mark.timeout(480)
def test_two_departments_disagree_twice_and_answer_once(desk: Desk, browser) -> None:
    cast = Cast(desk, browser)
    path = f"/cases/{cast.liaison.case_from(FEED, TITLE)}"
    _return_and_rule(cast, path)
    _assess_and_contribute(cast, path)
    _disagree_and_settle(cast, path)
    _sign_and_publish(cast, path)

    anybody = browser.new_context(java_script_enabled=False).new_page()
    anybody.goto(f"{desk.url}/responses")
    anybody.click(f"a:has-text('{TITLE}')")
    body = anybody.inner_text("body")
    assert "货车日均46辆次" in body
    assert "问题与回应对照" in body
    assert "以公安交管部门统计为准" not in body
    for kind in ("slip", "risk", "feedback"):
        assert cast.liaison.go(f"{path}/papers/{kind}").page.locator("article.paper").count() == 1
    assert cast.problems == []
    if PICTURES:
        cast.handler.go(path).page.screenshot(path=PICTURES / "two-departments.png", full_page=True)
