"""Texts about routing models that reach the page through a variable, marked so that extraction finds them.

The same purpose as `label_texts.TEXTS`; nothing imports this but the test that keeps the list complete.
"""

from flask_babel import lazy_gettext as _

# fmt: off
MODEL_TEXTS = (
    _("没有这个版本的交办模型。"), _("交办模型由系统管理员启用和停用。"), _("交办模型由系统管理员训练。"),
    # Why a training made no model.
    _("训练至少需要 75 条记录，其中五分之一留作比较。"),
    _("训练至少需要 60 条记录和两个部门。"), _("训练记录过于集中在一个部门。"),
    _("训练进程两次中断，请查看后台日志，或用 flask routing train 训练。"),
)
# fmt: on
