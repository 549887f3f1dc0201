"""Personal data leaves the text, and nothing else does."""

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinion_service.domain.listening.scrub import id_check, is_luhn, scrub

# Numbers made up for these tests: the places and dates are round, the check digits computed.
ID = "430902199001010" + "01"
ID += id_check(ID)
CARD_19 = next(c for c in (f"622202000000000001{d}" for d in range(10)) if is_luhn(c))
CARD_16 = next(c for c in (f"411111111111000{d}" for d in range(10)) if is_luhn(c))
CARD_WRONG = CARD_19[:-1] + str((int(CARD_19[-1]) + 1) % 10)

TAKEN = [
    # telephone
    ("请打13800001234联系", "请打[电话]联系", "phone"),
    ("电话：138 0000 1234。", "电话：[电话]。", "phone"),
    ("138-0000-1234", "[电话]", "phone"),
    ("138 000 01234", "[电话]", "phone"),
    ("+86 13800001234", "[电话]", "phone"),
    ("008613800001234", "[电话]", "phone"),
    ("tel13800001234同号", "tel[电话]同号", "phone"),
    ("１３８００００１２３４", "[电话]", "phone"),
    ("138****1234", "[电话]", "phone"),
    ("幺三八零零零零一二三四", "[电话]", "phone"),
    ("一三八零零零零一二三四", "[电话]", "phone"),
    ("19900001234，", "[电话]，", "phone"),
    ("0737-4200000", "[电话]", "phone"),
    ("0737－4200000转8012", "[电话]", "phone"),
    ("0737—4200000", "[电话]", "phone"),
    ("（0737）4200000", "[电话]", "phone"),
    ("(010)62000000", "[电话]", "phone"),
    ("07374200000", "[电话]", "phone"),
    ("010-62000000-801", "[电话]", "phone"),
    ("座机：4200000", "座机：[电话]", "phone"),
    ("联系电话4200-0000", "联系电话[电话]", "phone"),
    # identity papers
    (f"身份证{ID}", "身份证[证件号]", "id_card"),
    (f"我是{ID[:17]}x", "我是[证件号]", "id_card"),
    ("430902 19900101 0011", "[证件号]", "id_card"),
    ("身份证号：430902900101001", "身份证号：[证件号]", "id_card"),
    ("身份证号430902********0011", "身份证号[证件号]", "id_card"),
    ("护照号码：E12345678", "护照号码：[证件号]", "id_card"),
    # bank cards
    (f"工行{CARD_19}", "工行[卡号]", "bank_card"),
    (" ".join(CARD_16[i : i + 4] for i in range(0, 16, 4)), "[卡号]", "bank_card"),
    (f"卡号：{CARD_WRONG}", "卡号：[卡号]", "bank_card"),
    ("银行账号 4309000000001234", "银行账号 [卡号]", "bank_card"),
    # plates
    ("车牌湘H12345乱停", "车牌[车牌]乱停", "plate"),
    ("湘H·A1234", "[车牌]", "plate"),
    ("湘HD12345新能源", "[车牌]新能源", "plate"),
    ("湘h12b45", "[车牌]", "plate"),
    ("湘H1234警", "[车牌]", "plate"),
    ("粤Z1234港", "[车牌]", "plate"),
    ("湘Ｈ１２３４５", "[车牌]", "plate"),
    # e-mail
    ("写信到zhang.san@example.com吧", "写信到[邮箱]吧", "email"),
    ("***@qq.com", "[邮箱]", "email"),
    ("ａｂｃ＠ｑｑ．ｃｏｍ", "[邮箱]", "email"),
    # handles and messengers
    ("@某某某 说停水了", "[账号] 说停水了", "handle"),
    ("//@abc_123:转发", "//[账号]:转发", "handle"),
    ("@益阳发布请尽快解决", "[账号]请尽快解决", "handle"),
    ("QQ：12345678", "QQ：[账号]", "messenger"),
    ("qq号是 10001000", "qq号是 [账号]", "messenger"),
    ("加微信abc_12345", "加微信[账号]", "messenger"),
    ("微信号：wxid-0001", "微信号：[账号]", "messenger"),
    ("VX:abcdef1", "VX:[账号]", "messenger"),
    ("抖音号：yiyang2020", "抖音号：[账号]", "messenger"),
    # where somebody lives
    ("金山小区3栋2单元502室漏水", "金山小区[门牌]漏水", "address"),
    ("金山小区3栋2单元502漏水", "金山小区[门牌]漏水", "address"),
    ("金山小区三栋二单元502", "金山小区[门牌]", "address"),
    ("桃花仑路128号漏水", "桃花仑路[门牌]漏水", "address"),
    ("桃花仑路128号3栋502", "桃花仑路[门牌][门牌]", "address"),
    ("长宁路1234弄5号601室", "长宁路1234弄[门牌]", "address"),
    ("A座1203有人", "[门牌]有人", "address"),
    ("12幢电梯坏了", "[门牌]电梯坏了", "address"),
    ("7号楼二楼2号", "[门牌]", "address"),
    ("3#楼暖气不热", "[门牌]暖气不热", "address"),
    ("我住朝阳花园5-2-301", "我住朝阳花园[门牌]", "address"),
    ("朝阳花园502室", "朝阳花园[门牌]", "address"),
    ("２单元电梯坏了", "[门牌]电梯坏了", "address"),
    ("九栋一单元301号", "[门牌]", "address"),
]


@pytest.mark.parametrize(("text", "wanted", "kind"), TAKEN)
def test_personal_data_is_replaced_and_counted(text: str, wanted: str, kind: str) -> None:
    scrubbed = scrub(text)
    assert scrubbed.text == wanted
    assert list(scrubbed.counts) == [kind]


KEPT = [
    "请拨打12345热线", "12315、120、110、119", "拨打12345", "热线12388", "微信12345公众号", "QQ 12345",
    "400-800-1234", "4008001234", "全国统一客服95598",
    "2024年1月1日08:00", "2024-01-01", "2018-07-1809:04", "20240101123045", "2024.12.31",
    "益政办发〔2024〕12号", "国令711号", "第026号公告", "工单编号20240101000123", "G20180705-0022",
    "投资13800000000元", "13800000000.50元", "1234567890元", "共计430902万元", "占3.1415926535%",
    "2号线停运", "地铁道路3号线", "1号文件", "5月12号停水", "村里12号停电", "7.5级地震",
    "共12栋楼", "新建3栋教学楼", "一栋楼", "三座大山", "一座桥", "每栋12层", "10座加油站", "第三单元测试",
    "拆除13栋房屋", "502户居民", "401k计划", "301医院", "房价5000元", "12楼", "8号窗口",
    "京东APP", "辽宁IPTV12个月", "新A1区", "北京AB建设监理有限公司", "川菜", "京A", "云A股",
    "微信公众号：益阳发布", "微信支付18元", "微信小程序", "QQ邮箱", "QQ群", "微信群有500人", "微博热搜第1",
    "a@b", "@", "3@", "8:00-18:00", "978-7-80552-263-1", "DG/TJ08-9-2023",
    "0.13800001234", "113800001234567", "UU0082186", "身份证办理需要多久", "卡号在哪里看", "资江大道限速60",
    "市政府1号楼二楼", "市政府大楼", "", "。",
]  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_ordinary_numbers_stay(text: str) -> None:
    assert scrub(text).text == text
    assert scrub(text).counts == {}


def test_a_card_number_with_a_wrong_check_digit_is_no_card() -> None:
    assert scrub(f"流水{CARD_WRONG}").counts == {}


def test_an_identity_number_needs_a_birthday() -> None:
    assert scrub("430902199013010011").counts == {}
    assert scrub("430902199002300011").counts == {}


def test_several_pieces_are_counted_by_kind() -> None:
    text = f"13800001234或0737-4200000，{ID}，湘H12345，a@b.cn，@某人 在金山小区3栋502室"
    scrubbed = scrub(text)
    assert scrubbed.counts == Counter(phone=2, id_card=1, plate=1, email=1, handle=1, address=1)
    assert scrubbed.text == "[电话]或[电话]，[证件号]，[车牌]，[邮箱]，[账号] 在金山小区[门牌]"


PIECES = [
    "13800001234", "138", "0000", "1234", " ", "-", "0737", "4200000", "电话", "身份证", ID, ID[:9], CARD_19,
    "湘H", "12345",
    "@", "某人", "a.b", "qq.com", "QQ", "微信", "号", "：", "3栋", "2单元", "502", "室", "路", "小区", "一",
    "三", "楼", "第", "[", "]",
    "账号", "[电话]", "[门牌]", "座", "A", "#", "，",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@settings(max_examples=1500, deadline=None)
def test_scrubbing_twice_changes_nothing(text: str) -> None:
    once = scrub(text)
    assert scrub(once.text).text == once.text


@given(
    st.integers(130_0000_0000, 199_9999_9999),
    st.text(alphabet="水停，。 路a:", max_size=8),
    st.text(alphabet="水停，。 :", max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_no_mobile_number_is_left(number: int, before: str, after: str) -> None:
    assert str(number) not in scrub(f"{before}{number}{after}").text


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "13",
        "a",
        "a@",
        "@",
        "路1",
        "12栋",
        "单元1",
        "A座",
        "0731-",
        "6222 ",
        "京A",
        "微信加 ",
        "一",
        "3单元4层",
        "［",
        "身份证",
    ],
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    text = (piece * 50_000)[:50_000]
    began = time.perf_counter()
    scrub(text)
    assert time.perf_counter() - began < 3
