"""The sentences that the desk itself writes into the history, in the language of the page.

The journal keeps them in Chinese, for they are part of its chain. What people typed stays as they typed it.
"""

import re
from functools import cache

from flask_babel import get_locale, gettext

# Marks a text for the catalogue and leaves it as it is: the patterns are made of the Chinese ones.
_ = str

_SENTENCES = (
    _("固定证据 %(count)s 条"),
    _("新增 %(added)s 条来源，共 %(total)s 条"),
    _("从来源中提取 %(count)s 个关切问题"),
    _("立案：规则“%(rule)s”（第 %(version)s 版）：%(why)s"),
    _("规则“%(rule)s”（第 %(version)s 版）：%(why)s"),
    _("提交风险研判第 %(version)s 版，最高风险分值 %(points)s"),
    _("保存回应稿第 %(version)s 版"),
    _("第 %(version)s 版送%(where)s"),
    _("%(step)s通过"),
    _("承诺已兑现"),
    _("承诺改期：%(old)s → %(new)s"),
    _("临期提醒：%(clock)s，告知 %(count)s 人"),
    _("到期催办：%(clock)s，告知 %(count)s 人"),
    _("催办通知书：%(clock)s，告知 %(count)s 人"),
    _("%(rung)s暂缓：%(why)s"),
    _("确认%(rung)s：%(clock)s，%(hours)s 小时内有效"),
    _("暂停提醒 %(hours)s 小时：%(department)s"),
    _("暂停提醒 %(hours)s 小时"),
    _("提前恢复提醒"),
    _("邮件被退回"),
    _("重发邮件"),
    _("等级调整为%(grade)s，法定时限%(moved)s"),
    _("不变"),
    _("停止"),
    _("提前 %(length)s"),
    _("延后 %(length)s"),
    _("%(what)s，至 %(when)s"),
    _("%(days)s 天 %(hours)s 小时"),
    _("%(hours)s 小时 %(minutes)s 分钟"),
    _("%(hours)s 小时"),
    _("%(minutes)s 分钟"),
    _("%(days)s 天"),
    _("自动交办至%(department)s，置信度 %(confidence)s"),
    _("交办至%(department)s"),
    _("改派至%(department)s"),
    _("签收，由%(name)s承办"),
    _("退办（%(reason)s），退回不停止计时"),
    _("重新办理（第 %(round)s 轮）"),
    _("并入 %(number)s"),
    _("复核回访，%(on)s 再办"),
    _("系统建议：%(what)s"),
    _("未采纳建议：%(what)s"),
    _("%(kind)s定为%(value)s"),
    _("办结评估 %(points)s 分：%(outcome)s"),
    _("要求复查证据"),
    _("复查证据：%(found)s"),
    _("无法访问 %(count)s"),
    _("上传附件：%(name)s"),
    _("新增任务，由%(name)s于 %(on)s 前完成"),
    _("类型 %(nature)s"),
    _("属地 %(place)s"),
    _("命中“%(words)s”"),
    _("61号第 %(number)s 类（%(name)s），命中“%(words)s”"),
    _("法定时限超期：%(clock)s，处置不力可上调一级"),
)
_HOLE = re.compile(r"%\((\w+)\)s")
_BETWEEN = re.compile("(；|。(?=.))")
MOST_DEPTH = 4


def told(text: str, depth: int = 0) -> str:
    """Return a sentence of the history in the language of the page; what no pattern knows stays as it is."""
    if not text or depth > MOST_DEPTH or str(get_locale()).startswith("zh"):
        return text
    whole: str = gettext(text)
    if whole != text:
        return whole
    for sentence, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            values = {name: told(value, depth + 1) for name, value in found.groupdict().items()}
            filled: str = gettext(sentence, **values)
            return filled
    parts = _BETWEEN.split(text)
    return "; ".join(told(part, depth + 1) for part in parts[::2]) if len(parts) > 1 else text


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((one, _pattern(one)) for one in _SENTENCES)


def _pattern(sentence: str) -> re.Pattern[str]:
    pieces = _HOLE.split(sentence)
    holes = {number: f"(?P<{name}>.+?)" for number, name in enumerate(pieces) if number % 2}
    return re.compile("".join(holes.get(number) or re.escape(piece) for number, piece in enumerate(pieces)))
