"""Who may sit at the desk: roles and the person who acts."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is at the desk; one role a person. Source: design §1."""

    LIAISON = "liaison"
    HANDLER = "handler"
    APPROVER = "approver"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        """Return the role's name in Chinese."""
        return ROLE_LABELS[self]


ROLE_LABELS: dict[Role, str] = {
    Role.LIAISON: "联络员",
    Role.HANDLER: "承办人",
    Role.APPROVER: "分管领导",
    Role.SUPERVISOR: "督查",
    Role.ADMIN: "系统管理员",
    Role.AUDITOR: "审计员",
}
DEPARTMENT_ROLES = frozenset({Role.HANDLER, Role.APPROVER})
# Who sees or runs the desk and works on no case.
ONLY_LOOK = frozenset({Role.AUDITOR, Role.ADMIN})
DESK_ROLES = frozenset({Role.LIAISON, Role.SUPERVISOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who asks; `department_id` is set for handlers and approvers only."""

    user_id: int
    name: str
    role: Role
    department_id: int | None = None
    department_name: str = ""
    must_change_password: bool = False

    @property
    def role_label(self) -> str:
        """Return the role's name in Chinese."""
        return self.role.label

    @property
    def sees_every_case(self) -> bool:
        """Return whether the actor's scope is the whole desk; an administrator sees no case."""
        return self.role in DESK_ROLES


SYSTEM = Actor(0, "系统", Role.SUPERVISOR)
