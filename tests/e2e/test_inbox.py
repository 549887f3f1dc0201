"""The inbox in a real browser: by keys alone, on a phone without a script, and two people on one case."""

import pytest

from tests.e2e.stage import PASSWORD, PICTURES, Desk, Person

pytestmark = pytest.mark.browser


def _picture(person: Person, name: str) -> None:
    if PICTURES:
        person.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def _fresh_number(liaison: Person) -> str:
    """Return the number of a case that nobody was given yet."""
    liaison.go("/cases?state=new")
    return liaison.page.locator("tbody a[href^='/cases/']").first.get_attribute("href").rsplit("/", 1)[1]


def test_a_liaison_works_through_the_inbox_by_keys(desk: Desk, browser) -> None:
    liaison = Person(browser, desk, "liaison").go("/triage?state=events")
    page, keys = liaison.page, liaison.page.keyboard
    titles = page.locator(".inbox-list .row-title").all_inner_texts()
    open_row = page.locator(".row-item[aria-current] .row-title")
    assert open_row.inner_text() == titles[0]

    keys.press("j")
    keys.press("Enter")
    page.wait_for_url("**event=*")
    assert open_row.inner_text() == titles[1]
    keys.press("x")
    assert page.locator("input[name=row]:checked").count() == 1

    keys.press("s")
    assert page.evaluate("document.activeElement.name") == "until"
    page.locator("#f-snooze-note").fill("")
    page.locator("#f-snooze-note").press_sequentially("jcdmsx 等街道核实")
    assert page.locator("#f-snooze-note").input_value() == "jcdmsx 等街道核实"
    with page.expect_navigation():
        page.locator("#f-snooze-note").evaluate("node => node.form.requestSubmit()")
    assert titles[1] not in page.locator(".inbox-list .row-title").all_inner_texts()
    liaison.go("/triage?state=snoozed")
    assert titles[1] in page.locator(".inbox-list .row-title").all_inner_texts()
    assert liaison.sees("等街道核实")

    keys.press("?")
    assert page.locator("dialog.keys").is_visible()
    keys.press("Escape")
    keys.press("/")
    assert page.evaluate("document.activeElement.id") == "top-search"
    assert liaison.problems == []


def test_many_rows_on_a_phone_without_a_script(desk: Desk, browser) -> None:
    page = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{desk.url}/sign-in?next=/triage%3Fstate%3Devents")
    page.fill("[name=login]", "liaison")
    page.fill("[name=password]", PASSWORD)
    page.click(".sign-in-sheet button")
    rows = page.locator(".inbox-list .row-title")
    chosen = rows.nth(0).inner_text()
    page.wait_for_load_state()
    assert not page.locator("#preview").is_visible()
    rows.nth(0).click()
    page.wait_for_url("**event=*")
    page.wait_for_load_state()
    assert page.locator("#preview").is_visible()
    assert not rows.nth(0).is_visible()
    page.click(".inbox-back a")

    page.locator("input[name=row]").nth(0).check()
    page.click("form#bulk button[value=dismiss]")
    assert "将办理 1 条，跳过 0 条" in page.inner_text("main")
    page.fill("[name=note]", "与本市无关")
    page.click("main form button.btn-primary")
    assert "已办理 1 条" in page.inner_text("main")
    page.click("main a.btn-primary")
    assert chosen not in page.locator(".inbox-list .row-title").all_inner_texts()


def test_two_people_on_one_case_see_each_other_and_both_texts(desk: Desk, browser) -> None:
    first, second = Person(browser, desk, "liaison"), Person(browser, desk, "supervisor")
    number = _fresh_number(first)
    first.go(f"/cases/{number}")
    second.go(f"/cases/{number}")
    first.page.reload()
    first.page.wait_for_selector("#present :text('也在查看本案')", state="attached")

    # The supervisor reads an older page while the liaison writes a note.
    second.page.wait_for_load_state("networkidle")
    first.act("note", note="已电话提醒街道")
    second.act("note", note="请先核实人数")
    assert second.sees("最近的变动")
    assert second.sees("已电话提醒街道")
    assert second.page.locator("textarea[name=note]").input_value() == "请先核实人数"
    _picture(second, "conflict")
    with second.page.expect_navigation():
        second.page.locator("form.conflict button").click()
    assert second.sees("请先核实人数")
    second.go(f"/cases/{number}?hk=internal")
    assert second.page.locator("#history .tl > li").count() == 2
    # A refused form is what the browser calls an error; nothing else is.
    assert [text for text in second.problems if "409" not in text] == []
