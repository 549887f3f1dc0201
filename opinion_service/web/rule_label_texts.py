"""Texts of rules, rulings, duty and load that reach a page through a variable; see `label_texts`."""

from flask_babel import lazy_gettext as _

# fmt: off
TEXTS = (
    # Navigation.
    _("值班与请假"),
    # Refusals of the roster.
    _("只能为本单位人员安排值班和请假；承办人只能登记本人请假。"),
    _("值班室由联络员、督查或系统管理员值守；单位人员请选择其所在单位。"), _("只能安排本单位人员值班。"),
    _("请填写开始时间。"), _("结束时间须晚于开始时间。"), _("结束时间须晚于现在。"), _("一次最长 31 天。"),
    _("一次最长 366 天。"), _("该班次不存在或已经结束。"), _("该请假不存在或已经结束。"),
    _("请选择一名在用的人员。"), _("该人员在这段时间已有安排，请先取消原有安排。"),
    _("请选择另一名在用的人员代班。"), _("代班人须与请假人同属一个单位。"), _("代班人在这段时间也请假。"),
)
# fmt: on
