"""Watch expressions: which of a source's entries the desk wants, said in lines of terms.

An entry is wanted when it has at least one of the *any* lines (if there are some), all of the *must* lines and none
of the *not* lines. A line is a word, or several parted by `|` of which one is enough; `@赫山区` stands for every place
of that area in the desk's list of places, and `/校车.{0,6}超员/` is a regular expression, the whole line long.
"""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

MOST_LINES = 60
LONGEST_LINE = 200

# The first place where a pattern is found in a text: (from, to), or None. The engine must take linear time.
Find = Callable[[str, str], tuple[int, int] | None]


class TermKind(StrEnum):
    """What a term is compared with."""

    WORD = "word"
    PATTERN = "pattern"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Term:
    """One alternative of a line: a folded word, a regular expression as it was written, or a folded place name."""

    kind: TermKind
    text: str


@dataclass(frozen=True, slots=True)
class Watch:
    """The lines of an expression as people wrote them; an empty one wants everything."""

    any_terms: tuple[str, ...] = ()
    must_terms: tuple[str, ...] = ()
    not_terms: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Return every line of the expression."""
        return self.any_terms + self.must_terms + self.not_terms

    @property
    def terms(self) -> frozenset[Term]:
        """Return every term of the expression."""
        return frozenset(term for line in self.lines for term in terms_of(line))


class Grounds(StrEnum):
    """Why an entry is wanted or not."""

    WANTED = "wanted"
    NONE_OF = "none_of"
    MISSING = "missing"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an entry is wanted, the line that decided against it, and the pieces of text that were found."""

    grounds: Grounds
    line: str = ""
    found: tuple[str, ...] = ()

    @property
    def is_wanted(self) -> bool:
        """Return whether the entry is wanted."""
        return self.grounds is Grounds.WANTED


@dataclass(frozen=True, slots=True)
class Subject:
    """What an expression is asked about: plain text, and the folded names and areas of the places named in it."""

    title: str
    body: str = ""
    places: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """Return title and body, parted by a line break, over which no dot of a pattern reaches."""
        return f"{self.title}\n{self.body}"


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a form field, without empty ones and repeats."""
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


@lru_cache(maxsize=4_096)
def terms_of(line: str) -> tuple[Term, ...]:
    """Return the alternatives of a line; none when it holds nothing to look for."""
    if len(line) > 2 and line.startswith("/") and line.endswith("/"):
        return (Term(TermKind.PATTERN, line[1:-1]),)
    return tuple(term for part in line.split("|") if (term := _term(part.strip())).text)


def judge(watch: Watch, subject: Subject, find: Find) -> Verdict:
    """Return whether the subject is wanted; `find` looks for patterns."""
    folded = fold(subject.text)
    found: list[str] = []
    for line in watch.not_terms:
        if _hit(line, subject, folded, find):
            return Verdict(Grounds.EXCLUDED, line)
    for line in watch.must_terms:
        hit = _hit(line, subject, folded, find)
        if not hit:
            return Verdict(Grounds.MISSING, line)
        found.append(hit)
    hits = [hit for line in watch.any_terms if (hit := _hit(line, subject, folded, find))]
    if watch.any_terms and not hits:
        return Verdict(Grounds.NONE_OF)
    return Verdict(Grounds.WANTED, found=tuple(dict.fromkeys(found + hits)))


def problems(watch: Watch) -> Iterable[str]:
    """Yield a sentence for each thing that is wrong with the form of the lines."""
    if len(watch.lines) > MOST_LINES:
        yield f"关注词最多 {MOST_LINES} 行。"
    for line in watch.lines:
        if len(line) > LONGEST_LINE:
            yield f"“{line[:20]}…”超过 {LONGEST_LINE} 字。"
        elif not terms_of(line):
            yield f"“{line}”中没有可以匹配的文字。"


def fold(text: str) -> str:
    """Return the text with width and case made equal."""
    return unicodedata.normalize("NFKC", text).lower()


def _term(part: str) -> Term:
    if part.startswith(("@", "＠")):
        return Term(TermKind.PLACE, fold(part[1:].strip()))
    return Term(TermKind.WORD, fold(part))


def _hit(line: str, subject: Subject, folded: str, find: Find) -> str:
    """Return the piece of text in which the line was found, or an empty text."""
    for term in terms_of(line):
        if term.kind is TermKind.PATTERN:
            place = find(term.text, subject.text)
            # A pattern that fits the empty text fits everything; the line itself is then shown.
            if place is not None:
                return subject.text[place[0] : place[1]].strip() or line
        elif term.text in (subject.places if term.kind is TermKind.PLACE else folded):
            return term.text
    return ""
