"""Changes to the names by which departments go: present, former and coming ones, each with its days."""

from dataclasses import dataclass
from datetime import date

from opinion_service.domain.errors import InvalidInput
from opinion_service.domain.routing.dated import DatedName
from opinion_service.domain.routing.phrases import even
from opinion_service.domain.routing.rule_edits import SHORTEST_WORD, Edited, Record, check_days, copied, list_of

LONGEST_NAME = 40  # full names run longer than words of duty


@dataclass(frozen=True, slots=True)
class PutName:
    """Add a name of a department (empty `old`), or replace the name `old` and its days."""

    department: str
    old: str
    name: str
    since: date | None = None
    until: date | None = None

    def apply(self, record: Record) -> Edited:
        """Return the record with the name; raise InvalidInput for one that the department has already."""
        name = self.name.strip()
        if not SHORTEST_WORD <= len(name) <= LONGEST_NAME:
            raise InvalidInput(f"名称须为 {SHORTEST_WORD}–{LONGEST_NAME} 字。", "name")
        check_days(self.since, self.until)
        changed = copied(record)
        rows = list_of(changed, "aliases", self.department)
        known = [DatedName.of(row).name for row in rows]
        if any(even(one) == even(name) for one in known if one != self.old):
            raise InvalidInput("这个名称已在该单位的名称中。", "name")
        row = DatedName(name, self.since, self.until).as_record()
        if self.old:
            rows[_at(known, self.old)] = row
        else:
            rows.append(row)
        return Edited(changed, f"{self.department}-name", f"{'修改' if self.old else '新增'}单位名称“{name}”")


@dataclass(frozen=True, slots=True)
class DropName:
    """Remove a name of a department."""

    department: str
    name: str

    def apply(self, record: Record) -> Edited:
        """Return the record without the name; the department's own name stays."""
        changed = copied(record)
        if self.name == record.get("names", {}).get(self.department):
            raise InvalidInput("这是该单位的现用名称，不能删除。", "name")
        rows = list_of(changed, "aliases", self.department)
        rows.pop(_at([DatedName.of(row).name for row in rows], self.name))
        return Edited(changed, f"{self.department}-name", f"删除单位名称“{self.name}”")


def _at(known: list[str], name: str) -> int:
    if name not in known:
        raise InvalidInput("这个名称已不在草稿中。", "name")
    return known.index(name)
