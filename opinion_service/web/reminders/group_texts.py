"""Texts about work groups that reach the page through a variable, marked so that extraction finds them.

The same purpose as `label_texts.TEXTS`; nothing imports this but the test that keeps the list complete.
"""

from flask_babel import lazy_gettext as _

# fmt: off
GROUP_TEXTS = (
    # Kinds.
    _("钉钉群机器人"), _("企业微信群机器人"), _("飞书群机器人"), _("通用 Webhook"),
    # Refusals.
    _("机器人地址格式不正确，应为完整的 https:// 地址。"),
    _("机器人地址须以 https:// 开头；http 仅限 PRIVATE_ROBOT_HOSTS 中的主机。"),
    _("请填写名称，不超过 40 个字。"), _("请选择类型。"), _("签名密钥不超过 200 个字符。"), _("请选择单位。"),
    _("已有同名的工作群；停用的工作群也保留名称。"), _("该工作群不存在。"), _("该工作群不存在或已停用。"),
    _("只有系统管理员可以设置工作群。"),
    # What became of a message.
    _("工作群已停用，或其地址无法解密。"), _("机器人地址须为 https，端口须为常用端口。"),
)
# fmt: on
