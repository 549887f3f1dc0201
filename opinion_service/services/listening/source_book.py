"""The book of sources: adding, editing, pausing, checking now, and taking in a list; each act in story and journal."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from opinion_service.domain.errors import Forbidden, InvalidInput, NotFound
from opinion_service.domain.listening.addresses import authority_of, origin_of
from opinion_service.domain.listening.watch import Watch
from opinion_service.domain.people import Actor, Role
from opinion_service.models import Source
from opinion_service.services import journal
from opinion_service.services.listening import item_store, ledger, scope, vault
from opinion_service.services.listening.vault import Credential
from opinion_service.services.transaction import transaction

LONGEST_NAME = 120
LONGEST_PAUSE = timedelta(days=90)
SLOWEST_MINUTES = 10_080
EVERYTHING = Watch()


@dataclass(frozen=True, slots=True)
class NewSource:
    """What is needed to listen to a source; `watch` only counts for the scope *match*.

    interval_minutes: the wait until the source's rhythm is known; floor and ceiling bound it afterwards, and
    are made to fit when they are left out. credential: None leaves what is stored as it is. takes_in: also take in
    what was passed over in the last seven days and is wanted now. seen: the stamp of the settings that were edited.
    """

    name: str
    url: str = ""
    kind: str = "feed"
    scope: str = "all"
    watch: Watch = EVERYTHING
    interval_minutes: int = 30
    weight: float = 1.0
    floor_minutes: int | None = None
    ceiling_minutes: int | None = None
    zone: str = "Asia/Shanghai"
    folder: str = ""
    credential: Credential | None = None
    takes_in: bool = False
    seen: str = ""


class SourceChanged(InvalidInput):
    """Somebody else saved the source after its form was opened."""


@dataclass(frozen=True, slots=True)
class ListCounts:
    """What came of a list of sources; `refused` are pairs of address and reason."""

    added: int
    known: int
    refused: tuple[tuple[str, str], ...] = ()


def add_source(new: NewSource, *, actor: Actor, now: datetime) -> int:
    """Start listening to a source and return its id; raise Forbidden or InvalidInput."""
    _only_admin(actor)
    check_fields(new)
    with transaction() as session:
        if session.scalar(select(Source.id).where(Source.name == new.name.strip())):
            raise InvalidInput("已有同名信源。", "name")
        return _add(session, new, actor, now).id


def edit_source(source_id: int, new: NewSource, *, actor: Actor, now: datetime) -> None:
    """Change what is known of a source; raise Forbidden, InvalidInput, SourceChanged or NotFound.

    What is kept of the last document is forgotten when the address or the scope changes. A credential belongs
    to its origin: it is dropped when the address leaves that origin and no new one is given.
    """
    _only_admin(actor)
    check_fields(new)
    with transaction() as session:
        source = _found(session, source_id)
        if new.seen and new.seen != stamp_of(session, source):
            raise SourceChanged(
                "您打开表单后，该信源已被他人修改，没有保存。请对照下面已保存的内容，再次保存即以您的为准。"
            )
        if new.kind != source.kind and "import" in (new.kind, source.kind):
            raise InvalidInput("导入类信源与抓取类信源不能互换。", "kind")
        twin = select(Source.id).where(Source.name == new.name.strip(), Source.id != source_id)
        if session.scalar(twin):
            raise InvalidInput("已有同名信源。", "name")
        before = _described(session, source)
        _apply(session, source, new, actor, now)
        changed = [name for name, value in _described(session, source).items() if before[name] != value]
        if new.credential is not None:
            changed.append("访问凭据")
        if changed:
            if source.kind != "import" and {"地址", "匹配范围", "关注词", "时区"} & set(changed):
                ledger.forget_copy(source)
                source.next_check_at = now
            _record(session, source, ("edited", f"修改了：{'、'.join(changed)}"), actor, now)
        if new.takes_in:
            _take_in(session, source, actor, now)


def stamp_of(session: Session, source: Source) -> str:
    """Return a mark of the settings of a source as they are now; another setting gives another mark."""
    settings = [*sorted(_described(session, source).items()), source.credential]
    return hashlib.sha256(repr(settings).encode("utf-8", "replace")).hexdigest()[:16]


def set_listening(source_id: int, is_active: bool, *, actor: Actor, now: datetime) -> None:
    """Pause a source until further notice or listen again; raise Forbidden or NotFound."""
    _only_admin(actor)
    with transaction() as session:
        source = _found(session, source_id)
        source.is_active, source.next_check_at, source.paused_until = is_active, now, None
        if not is_active:
            ledger.close_windows(session, source, now=now)
            source.failures, source.alarmed_at = 0, None
        _record(session, source, ("resumed", "恢复") if is_active else ("paused", "暂停"), actor, now)


def pause_until(source_id: int, until: datetime, *, actor: Actor, now: datetime) -> None:
    """Leave a source alone until an instant at most 90 days away; it is heard again by itself afterwards."""
    _only_admin(actor)
    if not now < until <= now + LONGEST_PAUSE:
        raise InvalidInput("暂停的截止时间须在现在之后、90 天之内。", "until")
    with transaction() as session:
        source = _found(session, source_id)
        if source.kind == "import":
            raise InvalidInput("导入类信源不抓取，无需暂停。", "until")
        source.is_active, source.paused_until, source.next_check_at = True, until, until
        ledger.close_windows(session, source, now=now)
        source.failures, source.alarmed_at = 0, None
        shown = until.astimezone(ZoneInfo("Asia/Shanghai"))
        _record(session, source, ("paused", f"暂停至 {shown:%Y-%m-%d %H:%M}"), actor, now)


def check_now(source_id: int, *, actor: Actor, now: datetime) -> None:
    """Have a source checked in the next seconds; a wait that its server asked for is kept (InvalidInput)."""
    _only_admin(actor)
    with transaction() as session:
        source = _found(session, source_id)
        if source.kind == "import" or not source.is_active:
            raise InvalidInput("该信源未在抓取，请先恢复。")
        if source.not_before is not None and source.not_before > now and source.failures:
            raise InvalidInput("服务器要求稍后再访问，到时会自动检查；未作改动。")
        source.next_check_at, source.paused_until = now, None


def add_listed(listed: Iterable[NewSource], *, actor: Actor, now: datetime) -> ListCounts:
    """Listen to every source of a list whose address is not known yet; a name that is taken gets a number.

    What cannot be listened to is left out and named in `refused`; doing it again changes nothing.
    """
    _only_admin(actor)
    added = known = 0
    refused: list[tuple[str, str]] = []
    numbers: Counter[str] = Counter()
    with transaction() as session:
        urls, names = set(session.scalars(select(Source.url))), set(session.scalars(select(Source.name)))
        for new in listed:
            named = _renamed(new, names, numbers)
            try:
                check_fields(named)
            except InvalidInput as problem:
                refused.append((new.url, str(problem)))
                continue
            if new.url in urls:
                known += 1
                continue
            source = _add(session, named, actor, now)
            # A list of hundreds must not come due in one second.
            source.next_check_at = now + timedelta(seconds=2 * added)
            urls.add(new.url)
            names.add(named.name)
            added += 1
    return ListCounts(added, known, tuple(refused))


def _renamed(new: NewSource, taken: set[str], numbers: Counter[str]) -> NewSource:
    """Return the source under a name that is free; `numbers` remembers the last one tried for each name."""
    name = base = new.name.strip()[:LONGEST_NAME] or new.url[:LONGEST_NAME]
    while name in taken:
        numbers[base] += 1
        suffix = f"（{numbers[base] + 1}）"
        name = base[: LONGEST_NAME - len(suffix)] + suffix
    return replace(new, name=name)


def _only_admin(actor: Actor) -> None:
    if actor.role is not Role.ADMIN and actor.user_id:
        raise Forbidden("只有系统管理员可以管理信源。")


def _found(session: Session, source_id: int) -> Source:
    source = session.get(Source, source_id, with_for_update=True)
    if source is None:
        raise NotFound("信源不存在。")
    return source


def _add(session: Session, new: NewSource, actor: Actor, now: datetime) -> Source:
    source = Source(created_at=now, next_check_at=now, kind=new.kind)
    _apply(session, source, new, actor, now)
    ledger.tell(session, source, "added", "开始采集", actor_name=actor.name, now=now)
    entry = journal.Entry("source_added", f"新增信源 {source.name}", detail={"source_id": source.id})
    journal.record(session, entry, actor=actor, now=now)
    return source


def _take_in(session: Session, source: Source, actor: Actor, now: datetime) -> None:
    """Keep what was passed over and is wanted now; it is seen now, so that no time limit has run on it."""
    entries = scope.wanted_again(session, source, now=now)
    counts = item_store.keep(session, source, item_store.prepare(entries), now=now)
    if counts.new:
        source.last_new_at = now
        _record(session, source, ("edited", f"补收近 7 天范围外的内容 {counts.new} 条"), actor, now)


def _apply(session: Session, source: Source, new: NewSource, actor: Actor, now: datetime) -> None:
    scope.check(session, new.watch)
    source.name, source.url, source.kind = new.name.strip(), new.url.strip(), new.kind
    source.scope, source.weight = new.scope, new.weight
    source.interval_minutes = new.interval_minutes
    source.floor_minutes = min(5, new.interval_minutes) if new.floor_minutes is None else new.floor_minutes
    source.ceiling_minutes = max(120, new.interval_minutes) if new.ceiling_minutes is None else new.ceiling_minutes
    source.zone, source.folder, source.host = new.zone, new.folder.strip(), authority_of(new.url)
    origin = origin_of(new.url)
    if new.credential is not None:
        source.credential = vault.seal(new.credential) if new.credential.secret else ""
        source.credential_origin = origin if new.credential.secret else ""
    elif source.credential_origin and source.credential_origin != origin:
        source.credential = source.credential_origin = ""
    session.add(source)
    session.flush()
    scope.write(session, source.id, new.watch, by=actor.user_id or None, now=now)


def _described(session: Session, source: Source) -> dict[str, object]:
    return {
        "名称": source.name, "地址": source.url, "类型": source.kind, "匹配范围": source.scope,
        "关注词": scope.watch_of(session, source.id), "权重": source.weight, "分组": source.folder, "时区": source.zone,
        "检查间隔": (source.floor_minutes, source.interval_minutes, source.ceiling_minutes),
    }  # fmt: skip


def _record(session: Session, source: Source, told: tuple[str, str], actor: Actor, now: datetime) -> None:
    kind, summary = told
    ledger.tell(session, source, kind, summary, actor_name=actor.name, now=now)
    watch = scope.watch_of(session, source.id)
    lines = [list(watch.any_terms), list(watch.must_terms), list(watch.not_terms)]
    detail = {"source_id": source.id, "scope": source.scope, "watch": lines}
    entry = journal.Entry("source_changed", f"{summary}：信源 {source.name}", detail=detail)
    journal.record(session, entry, actor=actor, now=now)


def check_fields(new: NewSource) -> None:
    """Raise InvalidInput for the first field that cannot be used; reads and writes nothing."""
    if not new.name.strip() or len(new.name.strip()) > LONGEST_NAME:
        raise InvalidInput(f"请填写信源名称（不超过 {LONGEST_NAME} 字）。", "name")
    if new.kind != "import":
        _check_address(new)
    if new.scope == "match" and not new.watch.lines:
        raise InvalidInput("请填写关注词，或选择全部接收。", "any_terms")
    if not 0 < new.weight <= 10:
        raise InvalidInput("权重须大于 0，不超过 10。", "weight")
    if len(new.folder) > 200:
        raise InvalidInput("分组名称过长。", "folder")
    _check_pace(new)


def _check_address(new: NewSource) -> None:
    if not new.url.startswith(("http://", "https://")) or not authority_of(new.url):
        raise InvalidInput("地址须以 http:// 或 https:// 开头。", "url")
    if len(new.url) > 2000 or "@" in authority_of(new.url) or "@" in new.url.split("/")[2]:
        raise InvalidInput("地址过长或带有用户名、密码；凭据请填在“访问凭据”中。", "url")
    secret = new.credential is not None and new.credential.secret
    host = authority_of(new.url).rsplit(":", 1)[0]
    if secret and new.url.startswith("http://") and host not in current_app.config["DESK"].private_feed_hosts:
        raise InvalidInput("凭据只能用于 https 地址，以免明文外传。", "secret")


def _check_pace(new: NewSource) -> None:
    if not 1 <= new.interval_minutes <= SLOWEST_MINUTES:
        raise InvalidInput("检查间隔须在 1 分钟到 7 天之间。", "interval_minutes")
    if new.floor_minutes is not None and not 1 <= new.floor_minutes <= new.interval_minutes:
        raise InvalidInput("最短间隔须不小于 1 分钟，且不大于常规间隔。", "floor_minutes")
    if new.ceiling_minutes is not None and not new.interval_minutes <= new.ceiling_minutes <= SLOWEST_MINUTES:
        raise InvalidInput("最长间隔须不小于常规间隔，且不超过 7 天。", "ceiling_minutes")
    try:
        ZoneInfo(new.zone)
    except (ValueError, KeyError, OSError) as error:
        raise InvalidInput("时区名称不正确，如 Asia/Shanghai。", "zone") from error
