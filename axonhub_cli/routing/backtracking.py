"""Can a regular expression make the daemon hang? Found out by its structure, when it is loaded.

Python's engine tries every way in which a text can be matched. Where a repetition can match the
same text in two ways (`(a+)+`, `(a|a)*`), there are exponentially many: the expression is refused.
Where repetitions that could take each other's text follow one another (`.*a.*b.*c`), there are
polynomially many: four are fine for names of at most `LONGEST` characters, more are refused.

The structure becomes an automaton with one position for each character of the expression (Glushkov
1961). There are exponentially many ways exactly where two different paths lead from a position back
to itself reading the same text, and polynomially many where a text leads from p to p, from p to q
and from q to q (Weber and Seidl 1991).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from itertools import product
from typing import Any

from msgspec import Struct, field

LONGEST = 128
"""Longer names match no pattern: no model is called so."""

EXPONENTIAL = "repeats what is repeated already, in more than one way: it could run for ever"

_MOST_RUNS = 4
_MOST_POSITIONS = 120
_MOST_EMPTY = 8
_MOST_STEPS = 20_000
_OTHERS = "\n é中"
_EVERY = frozenset(map(chr, range(33, 127))) | frozenset(_OTHERS)
_LOOPS = re.compile(r"[*+{]")
_CHOICES = re.compile(r"[|?]")


class _Piece(Struct):
    """A part of the expression: where it may begin and end, each as often as there are ways to,
    and in how many ways it can be empty (2: or more)."""

    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    empty: int = 1


class _TooLarge(Exception):
    pass


def find_trap(source: str) -> str | None:
    """Why this (valid) expression is refused, as a clause; None for nearly all there are."""
    if _is_harmless(source):
        return None
    try:
        automaton = _Automaton(source)
        if automaton.is_exponential():
            return EXPONENTIAL
        if automaton.longest_chain() > _MOST_RUNS:
            return (
                f"has over {_MOST_RUNS} repetitions that take each other's text: it could run long"
            )
    except _TooLarge:
        return "repeats too much to be checked"
    return None


def is_exponential(source: str) -> bool:
    """Is this (valid) expression known to try exponentially many ways? For whoever bounds the work
    of all others by other means."""
    try:
        return not _is_harmless(source) and _Automaton(source).is_exponential()
    except _TooLarge:
        return False


def _is_harmless(source: str) -> bool:
    """Nothing is repeated in two ways where at most one thing is repeated at all."""
    loops = len(_LOOPS.findall(source))
    return loops == 0 or (loops == 1 and not _CHOICES.search(source))


class _Automaton:
    """The positions of an expression, and which may follow which, in how many ways."""

    def __init__(self, source: str) -> None:
        self._letters = _EVERY | frozenset(source)
        self._chars: list[frozenset[str]] = []
        self._follow: list[Counter[int]] = []
        self._depth = 0
        self._runs: set[int] = set()
        parser: Any = import_module("re._parser")
        self._sequence(parser.parse(source))

    def is_exponential(self) -> bool:
        reach = self._reachable()
        for start in range(len(self._chars)):
            if start not in reach[start]:
                continue
            if any(n > 1 and start in {*reach[q], q} for q, n in self._follow[start].items()):
                return True
            if self._leads((start, start), (start, start), parted=True):
                return True
        return False

    def longest_chain(self) -> int:
        """Of repetitions, each of which can take text of the one before it."""
        runs = sorted(self._runs)
        chain = dict.fromkeys(runs, 1)
        # A position only follows earlier ones, but for the way back inside of a repetition.
        for late in runs:
            for early in runs:
                if early < late and self._leads((early, early, late), (early, late, late)):
                    chain[late] = max(chain[late], chain[early] + 1)
        return max(chain.values(), default=0)

    def _reachable(self) -> list[set[int]]:
        found: list[set[int]] = []
        for start in range(len(self._chars)):
            seen: set[int] = set()
            todo = [*self._follow[start]]
            while todo:
                at = todo.pop()
                if at not in seen:
                    seen.add(at)
                    todo += self._follow[at]
            found.append(seen)
        return found

    def _leads(self, start: tuple[int, ...], end: tuple[int, ...], *, parted: bool = False) -> bool:
        """Does one text lead from each position of `start` to that of `end`; with `parted`, by
        paths that differ?"""
        seen: set[tuple[tuple[int, ...], bool]] = set()
        todo = [(start, False)]
        while todo:
            at, differ = todo.pop()
            for step in product(*(self._follow[p] for p in at)):
                if not frozenset.intersection(*(self._chars[p] for p in step)):
                    continue
                state = (step, differ or len({*step}) > 1)
                if step == end and (state[1] or not parted):
                    return True
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
            if len(seen) > _MOST_STEPS:
                raise _TooLarge
        return False

    def _position(self, chars: frozenset[str]) -> _Piece:
        if len(self._chars) >= _MOST_POSITIONS:
            raise _TooLarge
        self._chars.append(chars)
        self._follow.append(Counter())
        at = len(self._chars) - 1
        return _Piece([at], [at], empty=0)

    def _join(self, left: Iterable[int], right: Iterable[int]) -> None:
        right = list(right)
        for p in left:
            self._follow[p].update(right)

    def _sequence(self, items: Iterable[Any]) -> _Piece:
        whole = _Piece()
        for item in items:
            whole = self._then(whole, self._item(*item))
        return whole

    def _item(self, code: Any, value: Any) -> _Piece:
        name = str(code)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            return self._repeat(*value)
        if name == "SUBPATTERN":
            return self._sequence(value[-1])
        if name == "ATOMIC_GROUP":
            return self._sequence(value)
        if name == "BRANCH":
            return self._either([self._sequence(branch) for branch in value[1]])
        if name in ("ASSERT", "ASSERT_NOT"):
            self._sequence(value[1])  # runs on its own, from where it stands
            return _Piece()
        if name == "GROUPREF":
            return self._loop(self._position(_EVERY))
        if name == "GROUPREF_EXISTS":
            branches = [self._sequence(part or ()) for part in value[1:]]
            return self._either([*branches, _Piece()])
        return _Piece() if name == "AT" else self._position(self._chars_of(name, value))

    def _either(self, branches: list[_Piece]) -> _Piece:
        return _Piece(
            [at for branch in branches for at in branch.first],
            [at for branch in branches for at in branch.last],
            min(2, sum(branch.empty for branch in branches)),
        )

    def _repeat(self, least: int, most: int, body: Any) -> _Piece:
        """As many copies as there must be, then those that may be; a loop where there is no end,
        or where each copy can be of another length."""
        most = int(most)
        if most <= 1:
            piece = self._sequence(body)
            return _Piece(piece.first, piece.last, min(2, piece.empty + (least == 0)))
        self._depth += least != most
        looped = self._depth > 1 or most > _MOST_POSITIONS or self._varies(body)
        piece = self._sequence(body)
        if piece.empty and _MOST_EMPTY < most <= _MOST_POSITIONS:
            raise _TooLarge
        if looped:
            piece = self._loop(piece)
        else:
            for _ in range(1, most):
                more = self._sequence(body)
                more.empty = more.empty or int(least < most)
                piece = self._then(piece, more)
        self._depth -= least != most
        return _Piece(piece.first, piece.last, piece.empty or int(least == 0))

    def _varies(self, body: Any) -> bool:
        low, high = body.getwidth()
        return bool(low != high)

    def _then(self, left: _Piece, right: _Piece) -> _Piece:
        self._join(left.last, right.first)
        return _Piece(
            left.first + right.first * left.empty,
            right.last + left.last * right.empty,
            min(2, left.empty * right.empty),
        )

    def _loop(self, piece: _Piece) -> _Piece:
        self._runs |= {*piece.first, *piece.last}
        self._join(piece.last, piece.first)
        return piece

    def _chars_of(self, name: str, value: Any) -> frozenset[str]:
        """In either case, as `(?i)` may stand in front."""
        if name == "ANY":
            return self._letters
        if name == "LITERAL":
            return _both_cases(chr(value))
        if name == "NOT_LITERAL":
            return self._letters - {chr(value)}
        if name != "IN":
            return self._letters
        negated = str(value[0][0]) == "NEGATE"
        found: set[str] = set()
        for kind, what in value[1 if negated else 0 :]:
            found |= self._members(str(kind), what)
        return self._letters - found if negated else frozenset(found)

    def _members(self, kind: str, what: Any) -> frozenset[str]:
        if kind == "LITERAL":
            return _both_cases(chr(what))
        if kind == "RANGE":
            low, high = what
            inside = {c for c in self._letters if low <= ord(c) <= high} | {chr(low), chr(high)}
            return frozenset(both for c in inside for both in _both_cases(c))
        letter = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}.get(str(what).split("_")[-1], ".")
        letter = letter.upper() if "_NOT_" in str(what) else letter
        return frozenset(c for c in self._letters if re.match(letter, c))


def _both_cases(char: str) -> frozenset[str]:
    return frozenset((char, char.lower(), char.upper()))
