"""What can go wrong in the rules of the desk, each named after the fact."""


class DomainError(Exception):
    """A rule of the desk refused what was asked; the message is safe to show."""


class Forbidden(DomainError):
    """The actor's role or department does not allow the action."""


class NotFound(DomainError):
    """The object does not exist, or the actor may not know that it does."""


class IllegalMove(DomainError):
    """The action is not open from the case's present state."""


class StaleCase(DomainError):
    """Somebody else saved what is being changed after the form was opened."""


class InvalidInput(DomainError):
    """A value is missing or outside its range; `field` names it."""

    def __init__(self, message: str, field: str = "") -> None:
        """message: shown to the person; field: name of the form field, or empty."""
        super().__init__(message)
        self.field = field


class LimitLoosened(DomainError):
    """A setting would allow more time than a national document does."""
