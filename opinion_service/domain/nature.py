"""What kind of message a text is - 咨询 求助 投诉 举报 建议 表扬 - by plain rules of how people write letters.

The kinds are those of the hotline rules (domain rules 4.3). Each rule is a turn of phrase with a
weight; what stands in the title counts twice, in the body at most twice. The highest sum wins, and a
text without any of it is plain news. No row of any collection is written into the rules.
"""

import re
from collections.abc import Mapping
from enum import StrEnum


class Nature(StrEnum):
    """What the writer wants. Source: domain rules 4.3."""

    INQUIRY = "inquiry"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    ADVICE = "advice"
    PRAISE = "praise"
    NEWS = "news"

    @property
    def label(self) -> str:
        """Return the nature's name in Chinese."""
        return _LABELS[self]


_LABELS = {
    Nature.INQUIRY: "咨询",
    Nature.HELP: "求助",
    Nature.COMPLAINT: "投诉",
    Nature.REPORT: "举报",
    Nature.ADVICE: "建议",
    Nature.PRAISE: "表扬",
    Nature.NEWS: "报道",
}
LEAST = 3.0  # a sum below this tells nothing
FIRM = 7.0  # a grievance below this is a call for help
GRIEVANCES = (Nature.COMPLAINT, Nature.REPORT)

# Each rule: its weight, then turns of phrase as regular expressions parted by "|".
_RULES: Mapping[Nature, tuple[tuple[float | str, ...], ...]] = {
    Nature.INQUIRY: (
        (5, "咨询|请教|想问|问一下|问一问|想了解|想知道|想确认|了解一下|求解答|请解答|予以解答",
            "给予答复|麻烦解释|请公开|申请公开"),
        (4, "请问|如何(?:办理|申请|申报|缴纳|报名|查询|领取|认定|计算|处理|解决)",
            "怎么(?:办理?|申请|缴|报名|查|领|算|走)|怎样(?:办|申|才)"),
        (4, "需要(?:什么|哪些|提供|准备|带)",
            "(?:哪些|什么)(?:手续|材料|条件|资料|流程|政策|部门|时候|时间)",
            "办理(?:流程|条件|程序|时间)"),
        (3, "是否(?!.{0,6}不作为)|能否|可否|可不可以|能不能|有没有(?:政策|规定|相关)",
            "(?:可以|能|需要?|应该?).{1,24}吗|是不是"),
        (3, "何时|几号|多久|多长时间|什么时候|在哪里?(?:办|查|领|申|交)|去哪里?|到哪里?|哪个部门",
            "哪里(?:办|可以|能)"),
        (2, "[?？]|[吗呢](?:[。！!，,\\s]|$)|为(?:什么|何|啥)"),
        (1, "如何|怎么|怎样|多少|政策|条件|流程|手续|本人想|我想"),
    ),
    Nature.HELP: (
        (5, "求助|求救|救救|帮帮(?:我|我们|忙)|走投无路|求求|请帮忙|恳请.{0,10}(?:帮助|帮忙|救助)"),
        (3, "急需|急盼|生活(?:困难|不下去)|无力(?:承担|支付|负担)|无家可归|重病|大病|低保|救助",
            "雪中送炭"),
        (2, "帮助(?:解决|协调|我)|实在没(?:有)?办法|困难(?:家庭|群众)"),
    ),
    Nature.COMPLAINT: (
        (5, "投诉|控诉|不作为|乱作为|推诿|扯皮|踢皮球|推卸责任|互相推|霸王条款",
            "强烈(?:要求|抗议|谴责|不满)|抗议"),
        (4, "扰民|拖欠|欠薪|讨薪|乱收费|捆绑收费|态度(?:恶劣|差|强硬|蛮横|极差)",
            "(?:无人|没人)(?:管|处理|解决|负责|接听?|问津)"),
        (4, "严重影响|苦不堪言|忍无可忍|怨声载道|民不聊生|无法(?:忍受|正常|入睡|休息)|敷衍|欺骗",
            "坑(?:人|骗|害)|黑心|气愤|愤怒|寒心"),
        (4, "(?:多次|屡次|一再|反复)(?:反映|投诉|联系|拨打|催促|沟通|交涉|要求|上访|协商|找)",
            "求助无门|投诉无门|维权"),
        (4, "(?:至今|一直|迟迟|仍然?|还是)(?:没有?|未|不|无)(?:解决|处理|结果|答复|回复|动工)",
            "(?:至今|一直|迟迟|仍然?|还是)(?:没有?|未|不|无)(?:发|给|办|交付|到账|开|予|能)"),
        (3, "[请望求盼促].{0,16}(?:查处|整治|整改|制止|严惩|取缔|治理|管一?管|问责|追责)",
            "[请望求盼促].{0,16}(?:给个说法|还.{0,6}公道)"),
        (3, "[请望盼].{0,16}(?:解决|处理|维修|修复)"),
        (3, "要求(?:退|赔|解决|处理|整改|道歉|拆除|给予|严肃)|拒(?:不|绝|付|赔)",
            "不(?:给|退|让|肯|予)(?:退|办|赔|钱|修|解决|处理)"),
        (3, "强(?:制|行|迫|买|拆)|擅自|私自|违约|违规|侵(?:占|权|害|犯)|霸占|占道",
            "堵(?:塞|死|门|路)|烂尾|延期交房|逾期"),
        (3, "噪[音声]|噪杂|恶臭|异味|臭味|油烟|污水|污染|漏水|渗水|返水|停[水电气暖]|断[水电气]",
            "不热|供暖不|供热不|温度(?:太低|不达标)"),
        (3, "安全隐患|质量问题|不达标|不合格|不合理|不公(?:平|正)|垃圾(?:成堆|遍地|无人|堆)",
            "脏乱差|破损|坑洼|年久失修|绕行"),
        (2, "退(?:款|费|钱|押金)|赔偿|上当|诈骗|被骗|骗(?:子|钱|人)|失联|跑路|纠纷|损失|隐瞒|刁难",
            "不合法|歧视|威胁|殴打|辱骂"),
        (2, "为什么(?:不|没|还)|凭什么|难道|何时(?:才)?能(?:解决|彻底|修)|谁来管",
            "到底(?:谁|什么|何|有没有|归)|天理|良心"),
        (1, "反映|反应|监管|不管|没有结果|无果|推脱|垃圾|拖延"),
    ),
    Nature.REPORT: (
        (6, "举报|检举|揭发|实名反映"),
        (4, "涉嫌|传销|偷排|偷税|逃税|漏税|贪污|受贿|行贿|腐败|造假|伪造|假冒|伪劣|保护伞|涉黑",
            "黑恶|赌博|卖淫|非法集资"),
        (3, "无证|无照|无(?:营业)?执照|超范围经营|黑(?:车|作坊|中介|诊所|网吧|工厂)|违法|犯罪",
            "诈骗|骗取|私搭乱建|违建|违章(?:建|搭)|乱搭"),
        (2, "非法|乱停|盗|虚假|套取|冒充|掺假|过期"),
    ),
    Nature.ADVICE: (
        (5, "建议|提议|倡议|献策|献计|合理化|意见和|几点意见|小意见"),
        (3, "(?:能否|可否|希望|应该?|最好|可以|不如)(?:增设|增加|开通|设置|加装|安装)",
            "(?:能否|可否|希望|应该?|最好|可以|不如)(?:延长|增开|改为|优化|考虑|推广|完善)"),
    ),
    Nature.PRAISE: (
        (5, "表扬|锦旗|点赞|感谢信|表彰|致谢"),
        (4, "(?:特别|非常|十分|衷心|真诚|由衷)[地的]?(?:感谢|感激|谢谢).{0,20}(?:同志|师傅|工作人员)",
            "(?:特别|非常|十分|衷心|真诚|由衷)[地的]?(?:感谢|感激|谢谢).{0,20}(?:民警|医生|老师|局|中心)"),
        (3, "为.{0,12}(?:点赞|叫好|喝彩)|服务(?:周到|热情|到位|态度(?:很|非常)?好)",
            "(?:热情|耐心)(?:地|的)?(?:服务|接待|解答|帮助)|好(?:干部|同志|民警|警察)"),
        (2, "拾金不昧|助人为乐|认真负责|高效|为民(?:办实事|服务)|感动|雷厉风行|优质"),
    ),
}  # fmt: skip
_COMPILED = {
    kind: tuple((float(weight), re.compile("|".join(map(str, phrases)))) for weight, *phrases in rules)
    for kind, rules in _RULES.items()
}
_THANKS_IN_TITLE = re.compile("感谢|谢谢")  # at the end of a body it is mere politeness
_PRAISE_IS_OVER = re.compile("投诉|举报|拖欠|违法|不作为")
_FIRST_SENTENCE = re.compile("[^。！!？?\\n]{1,60}[。！!？?\\n]?")
# Who asks a question names the trouble it is about: a grievance must weigh clearly more than the question.
_QUESTION_LEAD = 5.0


def nature(title: str, body: str = "") -> Nature:
    """Return what kind of message the text is; plain news when nothing is asked, wanted or claimed.

    Without a body the first sentence stands for the title.
    """
    sums = weigh(title, body)
    best = max(sums, key=lambda kind: sums[kind])
    if sums[best] < LEAST:
        return Nature.NEWS
    # One plain wish to have something mended blames nobody.
    return Nature.HELP if best in GRIEVANCES and sums[best] < FIRM else best


def weigh(title: str, body: str = "") -> dict[Nature, float]:
    """Return the sum of each kind but news; of equal sums the earlier kind is meant."""
    if not body and (first := _FIRST_SENTENCE.match(title)):
        title, body = first.group(), title[first.end() :]
    sums = {
        kind: sum(weight * (2 * _count(phrase, title) + _count(phrase, body)) for weight, phrase in rules)
        for kind, rules in _COMPILED.items()
    }
    if sums[Nature.INQUIRY] >= LEAST:
        sums[Nature.INQUIRY] += _QUESTION_LEAD
    if _THANKS_IN_TITLE.search(title):
        sums[Nature.PRAISE] += 6
    if _PRAISE_IS_OVER.search(title):
        sums[Nature.PRAISE] = 0
    return sums


def _count(phrase: re.Pattern[str], text: str) -> int:
    """Return how often a phrase occurs, two at the most: who repeats himself wants nothing else."""
    found = phrase.search(text)
    if found is None:
        return 0
    return 2 if phrase.search(text, found.end()) else 1
