"""Recognise an answer in the history that a later request repeats: an assistant's message, hashed.

How the conversation began and what the answer followed are part of the hash, because `Done.` is an
answer in many; and so is whose key it was: two users' conversations never meet. Space between the
words is not, nor what a model thought aloud before its answer: clients trim, wrap and hide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice

from msgspec import Raw, Struct

from axonhub_cli.jsonio import Envelope
from axonhub_cli.tracing.said import Said, begins_with, is_answer, items_of, join, read_items

KEY_BYTES = 12
_LINK_VERSION = b"\x02"
"""Of how keys are made: those of another version would be known and never be found."""

_MESSAGES_LOOKED_AT = 96
"""From the end back; more follow no answer in any client's conversation."""
_OPENINGS_LOOKED_AT = 4
_TELLING_TEXT = 120
"""Characters: so long an answer comes about once."""
_TELLING_ID = 16
_CALLS = 8
"""Of so many of an answer, one will come back."""
_COMMON_IDS = ("{", "functions.")
"""A call without an id is its own (Gemini); Kimi counts: `functions.bash:0`."""

_SPACE = b" \t\r\n\v\f"
_THOUGHT = re.compile(rb"(?:<think(?:ing)?>.*?</think(?:ing)?>)+", re.DOTALL)
_GLIMPSE = 2048
"""Characters of either end of a text, by which one continuation is told from another."""

Keys = tuple[bytes, ...]
"""Of one answer: whatever it may be found by, and its mark."""


class Context(Struct, frozen=True):
    """What an answer followed: how its conversation began, and what was said last."""

    opening: Said = Said()
    prompt: Said = Said()
    begun: Said = Said()
    """Its own first words, if the request gave them."""
    length: int = 0
    """How many messages came before it."""


class Seen(Struct):
    """An answer in a request's history, and the keys that take no more than itself."""

    printed: bytes
    calls: Keys
    """By the id of each tool call: a client may give their results one by one."""
    words: bytes | None
    """By so many words alone."""
    mark: bytes | None
    """Says that there is more to know of an answer without calls; no trace is found by it."""
    prompt: list[Raw]
    start: int
    end: int
    """Where it stands among the messages."""
    size: int
    """Bytes."""


def answer_keys(owner: str, context: Context | None, answer: Said) -> Keys:
    """The keys of an answer; none for one that said nothing, or that says little by itself and
    followed nobody knows what (None)."""
    said = answer if context is None else join([context.begun, answer])
    if not said:
        return ()
    printed, calls, words, mark = _own_keys(owner, said)
    if mark is None or context is None:
        return tuple([key for key in (*calls, words) if key is not None])
    prompt = _print(context.prompt)
    keys = [_hash(b"whole", owner, _print(context.opening), prompt, printed), words, mark]
    if context.prompt != context.opening:
        # Of the first answer nothing can have been cut off.
        keys.insert(1, _hash(b"part", owner, prompt, printed))
    return tuple([key for key in keys if key is not None])


def context_of(envelope: Envelope) -> Context:
    """What the answer to a request follows."""
    items = items_of(envelope) or []
    length = len(items)
    while length and is_answer(items[length - 1]):
        length -= 1
    prompt: list[Said] = []
    for of_answer, said in read_items(items[:length][: -_MESSAGES_LOOKED_AT - 1 : -1]):
        if of_answer:
            break
        prompt.append(said)
    return Context(_opening(items), join(prompt[::-1]), _join_items(items[length:][::-1]), length)


class _Turn(Struct):
    """An answer's messages and those it followed, each the last one first."""

    answer: list[Raw]
    prompt: list[Raw]
    start: int
    end: int


class History:
    """The answers that a request repeats, the last one first; each is read when it is asked for."""

    def __init__(self, owner: str, envelope: Envelope) -> None:
        self._owner = owner
        self._items = items_of(envelope) or []
        self._turns: list[_Turn] = []
        # Not a method: with itself in its own generator, a history and its body would go only when
        # the collector comes by.
        self._earlier = _look_back(self._items)
        self._seen: dict[int, Seen | None] = {}
        self._opening: bytes | None = None

    def __bool__(self) -> bool:
        """Does an answer stand in the request?"""
        return next(self._look_back(), None) is not None

    def __iter__(self) -> Iterator[Seen]:
        for turn in self._look_back():
            seen = self._seen[turn.start] if turn.start in self._seen else self._see(turn)
            if seen is not None:
                yield seen

    def answered(self, most: int) -> list[bytes | None]:
        """How the words begin that each of the last answers followed, the last one's first."""
        turns = islice(self._look_back(), most)
        return [begins_with(turn.prompt[0]) for turn in turns if turn.prompt]

    def last_words(self) -> bytes | None:
        """How the last words begin that are no answer."""
        return last_words(self._items)

    def keys_after(self, seen: Seen) -> tuple[bytes, bytes]:
        """The keys of an answer with what it followed: from the very beginning, and at last."""
        if self._opening is None:
            self._opening = _print(_opening(self._items))
        prompt = _print(_join_items(seen.prompt))
        whole = _hash(b"whole", self._owner, self._opening, prompt, seen.printed)
        return whole, _hash(b"part", self._owner, prompt, seen.printed)

    def steps_after(self, seen: Seen) -> list[bytes]:
        """What followed an answer, hashed: up to each message, the last one at last."""
        digest = blake2b(digest_size=8)
        steps: list[bytes] = []
        for _, said in read_items(self._items[seen.end :]):
            glimpse = (said.text[:_GLIMPSE], said.text[-_GLIMPSE:], *said.ids, "")
            digest.update(_encode("\0".join(glimpse)))
            steps.append(digest.digest())
        return steps or [digest.digest()]

    def _look_back(self) -> Iterator[_Turn]:
        yield from self._turns
        for turn in self._earlier:
            self._turns.append(turn)
            yield turn

    def _see(self, turn: _Turn) -> Seen | None:
        said = _join_items(turn.answer)
        seen = None
        if said:
            size = sum([memoryview(raw).nbytes for raw in turn.answer])
            keys = _own_keys(self._owner, said)
            seen = Seen(*keys, turn.prompt, turn.start, turn.end, size)
        self._seen[turn.start] = seen
        return seen


def last_words(items: list[Raw]) -> bytes | None:
    """How the last of these messages begins that is no answer; None where it is no text."""
    asked = (raw for raw in reversed(items) if is_answer(raw) is False)
    last = next(asked, None)
    return begins_with(last) if last is not None else None


def join_keys(keys: Keys) -> bytes | None:
    """Keys as they are stored; None for none."""
    return _LINK_VERSION + b"".join(keys) if keys else None


def split_keys(stored: bytes) -> Keys:
    """The keys in what `join_keys` made; none of those that another version made."""
    if len(stored) % KEY_BYTES != 1 or not stored.startswith(_LINK_VERSION):
        return ()
    return tuple(stored[at : at + KEY_BYTES] for at in range(1, len(stored), KEY_BYTES))


def _look_back(items: list[Raw]) -> Iterator[_Turn]:
    """The answers among messages, the last one first; messages in a row are one answer."""
    turn: _Turn | None = None
    for at in range(len(items) - 1, max(0, len(items) - _MESSAGES_LOOKED_AT) - 1, -1):
        raw = items[at]
        of_answer = is_answer(raw)
        if of_answer:
            if turn is not None and turn.prompt:
                yield turn
                turn = None
            if turn is None:
                turn = _Turn([], [], at, at + 1)
            turn.answer.append(raw)
            turn.start = at
        elif of_answer is False and turn is not None:
            turn.prompt.append(raw)
    if turn is not None:
        yield turn


def _own_keys(owner: str, said: Said) -> tuple[bytes, Keys, bytes | None, bytes | None]:
    """An answer hashed; its keys by its calls and by its words, where they are telling; its mark.

    A long text is hashed once: whatever has a part in a key has been made short before.
    """
    text = _bare(said.text)
    printed = _short(text)
    words = _hash(b"words", owner, printed) if len(text) >= _TELLING_TEXT else None
    if said.ids:
        ids = [i for i in said.ids if len(i) >= _TELLING_ID and not i.startswith(_COMMON_IDS)]
        if ids:
            calls = [_hash(b"calls", owner, _encode(each)) for each in ids[:_CALLS]]
            return printed, tuple(calls), words, None
        printed = _with_ids(printed, said.ids)
    return printed, (), words, _hash(b"mark", owner, printed)


def _opening(items: list[Raw]) -> Said:
    """The first thing a user said, behind the system's words."""
    said = read_items(items[:_OPENINGS_LOOKED_AT])
    return next((said for of_answer, said in said if not of_answer), Said())


def _join_items(backwards: list[Raw]) -> Said:
    """Messages in a row, found from the last one back."""
    return join([said for _, said in read_items(backwards[::-1])])


def _print(said: Said) -> bytes:
    """What was said, hashed."""
    printed = _short(_bare(said.text))
    return _with_ids(printed, said.ids) if said.ids else printed


def _bare(text: str) -> bytes:
    """A text without what clients change in it."""
    bare = _encode(text).translate(None, _SPACE)
    if bare.startswith(b"<think") and (thought := _THOUGHT.match(bare)):
        return bare[thought.end() :]
    return bare


def _with_ids(printed: bytes, ids: tuple[str, ...]) -> bytes:
    return _short(b"\0".join((printed, *map(_encode, ids))))


def _short(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _hash(kind: bytes, owner: str, *parts: bytes) -> bytes:
    whole = b"\0".join((_encode(owner), *parts))
    return blake2b(whole, digest_size=KEY_BYTES, person=kind).digest()
