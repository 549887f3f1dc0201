"""The outbox: what is stuck or failed, with filter, sort, pages and another try; and the auditor's passes."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from opinion_service.domain.reminders.mail_states import MailState
from opinion_service.models import db
from opinion_service.queries import operations
from opinion_service.queries.reminders import mailroom
from opinion_service.services.reminders import outbox

blueprint = Blueprint("mailroom", __name__, url_prefix="/outbox")
FINDINGS = {
    "missed": "催办未按时发出", "untold": "催办未告知任何人", "unwritten": "邮件未生成", "stuck": "邮件滞留",
    "unarmed": "时限缺少催办安排", "orphaned": "催办未随时限解除", "sweeper": "巡检进程无响应",
}  # fmt: skip


@blueprint.get("")
def listed() -> ResponseReturnValue:
    """Show the mail with what became of it, and whether the processes live."""
    args = request.args
    wanted = mailroom.MailFilter(
        state=args.get("state", ""),
        kind=args.get("kind", ""),
        text=args.get("q", "").strip()[:100],
        sort=args.get("sort", "at") if args.get("sort") in mailroom.SORTS else "at",
        descending=args.get("dir", "asc" if args.get("sort") == "next" else "desc") == "desc",
        after=args.get("after", ""),
    )
    session = db.session()
    return render_template(
        "ladder/outbox.html",
        page=mailroom.list_mails(session, wanted, now=g.now),
        filters=_filters(wanted),
        wanted=wanted,
        trouble=mailroom.stuck_or_lost(session, now=g.now),
        processes=operations.processes(session, now=g.now),
        passes=mailroom.audit_passes(session),
        findings=FINDINGS,
    )


@blueprint.post("/<int:mail_id>/retry")
def retry(mail_id: int) -> ResponseReturnValue:
    """Send one mail again."""
    db.session.rollback()
    outbox.retry(mail_id, actor=g.actor, now=g.now)
    flash(gettext("已重新排队发送。"), "success")
    return redirect(url_for("mailroom.listed", state=request.form.get("state") or None))


@blueprint.post("/retry")
def retry_lost() -> ResponseReturnValue:
    """Send everything again that failed or came back."""
    db.session.rollback()
    count = outbox.retry_lost(actor=g.actor, now=g.now)
    flash(gettext("已将 %(n)s 封邮件重新排队发送。", n=count), "success")
    return redirect(url_for("mailroom.listed"))


def _filters(wanted: mailroom.MailFilter) -> tuple[dict[str, object], ...]:
    states = (("trouble", gettext("滞留、失败和退信")), *((one.value, gettext(one.label)) for one in MailState))
    kinds = (("ladder", gettext("催办")), ("act", gettext("流转通知")), ("robot", gettext("工作群消息")))
    return (
        {"name": "q", "label": gettext("主题、收件人或 Message-ID"), "kind": "search", "value": wanted.text},
        {"name": "state", "label": gettext("状态"), "kind": "select", "options": states, "value": wanted.state},
        {"name": "kind", "label": gettext("类型"), "kind": "select", "options": kinds, "value": wanted.kind},
    )
