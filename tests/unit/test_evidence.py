"""Second looks: what a page says of the text that was frozen."""

import pytest

from opinion_service.domain.casework.evidence import LONGEST_PASSAGE, Outcome, compare, digest

TITLE = "县城路灯长期不亮"
BODY = "晚上出行不便，孩子放学要摸黑回家。已向社区反映三次，至今无人处理。请问何时维修？"
MENU = "首页 新闻 论坛 登录 注册  "
FOOT = "  相关推荐：大雾预警发布。 版权所有 联系我们"
U, E, G, N = Outcome.UNCHANGED, Outcome.EDITED, Outcome.GONE, Outcome.UNCLEAR


@pytest.mark.parametrize(
    ("title", "body", "page", "outcome"),
    [
        (TITLE, BODY, f"{MENU}{TITLE}  {BODY}{FOOT}", U),
        # Punctuation and width are not an edit, and neither is a summary that ends in the middle of a sentence.
        (TITLE, BODY, f"{TITLE} {BODY.replace('，', ',').replace('？', '?')}", U),
        (TITLE, BODY[:24] + "…", f"{TITLE} {BODY}", U),
        (TITLE, "", f"{MENU}{TITLE}", U),
        (TITLE, BODY, f"{TITLE} {BODY.replace('至今无人处理', '社区已派人维修')}", E),
        (TITLE, BODY, f"县城路灯已修好  {BODY}", E),
        (TITLE, BODY, f"{TITLE} 该内容已被删除", G),
        (TITLE, BODY, "404 Not Found", G),
        (TITLE, BODY, "您访问的页面不存在", G),
        (TITLE, "", "您访问的文章已删除", G),
        (TITLE, BODY, "请登录后查看", N),
        (TITLE, BODY, "", N),
        (TITLE, BODY, TITLE, N),
        (TITLE, "", "别的新闻", N),
        # A page that speaks of a removal somewhere, and holds the text, is not gone.
        (TITLE, BODY, f"{TITLE} {BODY} 评论：该内容已被删除", U),
        ("", "短句", "短句在此", U),
    ],
)
def test_what_a_page_says(title: str, body: str, page: str, outcome: Outcome) -> None:
    assert compare(title, body, page).outcome is outcome


@pytest.mark.parametrize(("was", "now"), [("三次", "五次"), ("摸黑", "打着手电"), ("何时", "到底何时")])
def test_the_passage_is_the_text_and_not_the_page_around_it(was: str, now: str) -> None:
    """The sentence that was changed is in it, be it the first, the middle or the last."""
    noise = "".join(f"无关新闻第{n}条内容。" for n in range(40))
    edited = BODY.replace(was, now)
    for gap in ("  ", " ", "\n"):
        found = compare(TITLE, BODY, f"{MENU}{noise}{TITLE}{gap}{edited}{noise}")
        assert found.text == f"{TITLE}\n{edited}"


def test_a_passage_is_bounded() -> None:
    body = "每句话都不一样的第一句。" + "".join(f"这是第{n}句不同的话。" for n in range(2_000))
    found = compare("标题不在页面上", body, body)
    assert found.outcome is E
    assert len(found.text) <= LONGEST_PASSAGE


def test_a_digest_knows_order_and_kind() -> None:
    values = [digest(parts) for parts in ([1, "a"], ["a", 1], ["1", "a"], [1, None], [1, "a", ""], [[1], "a"])]
    assert len(set(values)) == len(values)
    assert digest(["\ud800"]) == digest(["\ud800"])
