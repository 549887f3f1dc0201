"""A policy on its way through the register in a real browser, one that is looked back on, and a case that begins anew."""

import re

import pytest

from tests.e2e.stage import Desk, Person

pytestmark = pytest.mark.browser

TITLE = "中小学校服采购管理办法（浏览器验收）"
PARTS = {
    "title": TITLE, "edition": "征求意见稿", "groups": "学生和家长", "line": "坚持自愿购买。", "spokesperson": "分管副局长",
    "partners": "市委宣传部、市委网信办", "interpretation_plan": "同步发布问答。", "interpretation_material": "校服十问十答",
    "keywords": "校服+采购 校服+强制",
}  # fmt: skip


def _file(handler: Person) -> str:
    """File a policy with everything but the opinions and return its path."""
    handler.go("/policies").page.click("text=登记政策")
    form = handler.page.locator("form[data-autosave]")
    for name, text in PARTS.items():
        form.locator(f"[name={name}]").fill(text)
    form.locator("[name=question]").first.fill("会不会强制购买？")
    form.locator("[name=risk_description]").first.fill("开学前集中误读")
    form.locator("[name=measure]").first.fill("提前公示成本")
    form.locator("[name=channels][value=website]").check()
    form.locator("[name=is_organised]").check()
    form.locator("[name=conclusion]").select_option("controllable")
    form.locator("button").last.click()
    handler.page.wait_for_load_state()
    return re.search(r"(/policies/\d+)", handler.page.url)[1]


@pytest.mark.timeout(480)
def test_a_policy_is_filed_asked_about_signed_and_released(desk: Desk, browser) -> None:
    handler, liaison = Person(browser, desk, "handler"), Person(browser, desk, "liaison")
    approver = Person(browser, desk, "approver", 390)
    path = _file(handler)
    assert handler.sees("关切“会不会强制购买？”没有准备答复")
    assert handler.sees("尚未征求其他单位或联络员的意见")
    assert not handler.page.locator("input[name=action][value=submit]").count()

    handler.page.click("text=修改评估")
    handler.page.locator("[name=answer]").first.fill("不会，自愿购买。")
    handler.page.locator("form[data-autosave] button").last.click()
    handler.act("ask", due_on="2099-01-04")
    liaison.go("/policies?waiting=opinion").page.click(f"text={TITLE}")
    liaison.page.check("[name=stance][value=advised]")
    liaison.page.fill("[name=text]", "建议公示成本构成。")
    liaison.page.click("#answer button")
    assert liaison.sees("有修改建议")

    handler.go(path).act("submit")
    assert handler.sees("正在等待市教育局分管领导签发")
    approver.go(path).act("sign", is_cosigned="1")
    assert approver.sees("评估已签发")
    assert approver.fits()
    handler.go(path).act("release", document_number="益教发〔2099〕1号", is_rolled_out="1")
    assert handler.sees("政策已出台，正在观察公众反应")
    assert handler.sees("未出现")
    handler.go(f"{path}/versions?old=1&new=2")
    assert handler.page.locator("ins", has_text="不会，自愿购买。").count()
    assert handler.problems + liaison.problems + approver.problems == []


def test_a_released_policy_is_looked_back_on(desk: Desk, browser) -> None:
    handler = Person(browser, desk, "handler.wjw")
    handler.go("/policies?waiting=review").page.click("tbody td a")
    handler.page.wait_for_url("**/policies/*")
    assert handler.sees("预判与实际")
    handler.page.fill("[name=findings]", "预判的巡诊频次问题出现，已按口径答复。")
    handler.page.click("#reviews form button")
    assert handler.sees("复核已提交")
    assert handler.sees("出台后第 30 天")
    assert handler.problems == []


def test_a_closed_case_is_evaluated_and_one_begins_anew(desk: Desk, browser) -> None:
    liaison, supervisor = Person(browser, desk, "liaison"), Person(browser, desk, "supervisor")
    links = liaison.go("/cases?state=closed").page.locator("tbody td a[href^='/cases/']")
    first, second = (links.nth(number).get_attribute("href") for number in range(2))
    liaison.go(f"{first}/evaluation")
    for name in ("timely", "coverage", "substance", "resolution", "reaction"):
        liaison.page.select_option(f"[name={name}]", "4")
    liaison.page.check("[name=outcome][value=solved]")
    liaison.page.click("main form button")
    assert liaison.sees("80 分")
    assert supervisor.go("/evaluations").page.locator(f"a[href^='{first}']").count()

    supervisor.go(second).act("reopen", note="问题再次出现")
    assert supervisor.sees("重新办理（第 2 轮）")
    assert supervisor.page.goto(f"{desk.url}{second}/effect").status == 200
    assert liaison.problems + supervisor.problems == []
