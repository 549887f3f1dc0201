"""Texts of imports, watch expressions and evidence that reach the page through a variable, marked for extraction.

See `label_texts`: nothing imports `TEXTS`; extraction reads the literals.
"""

from flask_babel import lazy_gettext as _

# fmt: off
TEXTS = (
    # Navigation.
    _("热搜榜"), _("文件导入"),
    # States of an import run and fields of its rows.
    _("待确认"), _("排队中"), _("导入中"), _("已完成"), _("无法读取"), _("已取消"),
    _("标题"), _("内容"), _("链接"), _("发布时间"), _("原编号"), _("属地"),
    _("榜单名次"), _("榜单热度值"), _("榜单时刻"),
    # What came of an entry typed in.
    _("已录入，几秒后开始分析。"), _("已有同编号或同链接的内容，已更新为新版本。"), _("已有相同内容，没有重复录入。"),
    _("内容不符合该信源的监测词，没有收录。"), _("人工录入"),
    # Refusals and reasons.
    _("请选择 .csv、.tsv、.jsonl 或 .xlsx 文件。旧的 .xls 请先另存为 .xlsx。"), _("文件是空的。"),
    _("请选择文件，或粘贴表格。文件不能是空的。"), _("只有联络员或系统管理员可以导入和录入。"),
    _("导入任务不存在，或已经开始。"), _("导入任务不存在或已结束。"), _("所选的列不存在。"),
    _("请至少为标题或内容选择一列。"), _("请填写标题或内容。"), _("标题和内容都是空的"),
    _("编码不在可选范围内。"), _("文件编码无法识别。请在下方选择编码，或另存为 UTF-8 后重新上传。"),
    _("不是可以读取的 XLSX 文件。请用表格软件打开后另存为 XLSX 或 CSV。"),
    _("文件解开后过大，已拒绝。请分成几个文件，或另存为 CSV。"), _("文字总量过大，请分成几个文件。"),
    _("读取该文件所需的内存过大，已中止。请分成几个文件，或另存为 CSV。"),
    _("列数多于表头"), _("引号位置不对或单元格过长，无法分列"), _("不是 JSON 对象"),
    _("链接不是 http:// 或 https:// 地址，未收录"),
)
# fmt: on
