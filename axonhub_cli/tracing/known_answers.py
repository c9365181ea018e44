"""The answers we gave, by their keys: in which trace each is, and what went on from it.

Conversations may begin alike, answers included. Then a key has a place in the trace of each, and
whoever goes on takes one that nobody went on from; the same request again takes the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from axonhub_cli.tracing.fingerprint import History, Keys, Seen

_ALIKE = 64
"""Of so many that began alike, the oldest will hardly go on."""
_KNOWN_LOOKED_AT = 8
_UNKNOWN_LOOKED_AT = 3
_SHORT_LOOKED_AT = 8
_SHORT_BYTES = 1024
"""Another's answers may come after ours, and more of those that a client made up: files, each with
an `Ok.`."""


Asker = tuple[int, int]
"""Which program asked from where, and on which connection, both hashed: of conversations alike,
the one that came the same way goes on."""


class Place(Struct, eq=False, gc=False):
    """One answer in one trace."""

    trace: str
    length: int | None = None
    """How many messages came before it; None: nobody knows any more."""
    asker: Asker | None = None
    step: bytes | None = None
    """What followed it, hashed; None while nobody went on from here."""
    failed: bool = False
    """The request that did failed, and may be sent again."""
    at: int = 0
    """When that was, in requests."""

    def awaits(self, steps: Sequence[bytes]) -> bool:
        """Did nobody go on from here, or none but an earlier turn of this very conversation?"""
        return self.step is None or self.failed or self.step in steps[:-1]


class Found(Struct):
    """An answer in a request's history, and where we gave it."""

    seen: Seen
    places: list[Place]


class KnownAnswers:
    """At most so many keys, the oldest forgotten first. To be used under a lock."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._places: OrderedDict[bytes, list[Place]] = OrderedDict()
        self._taken = 0

    def add(self, keys: Keys, place: Place) -> None:
        """An answer that was just given."""
        trace, length = place.trace, place.length
        for key in keys:
            places = self._places.setdefault(key, [])
            self._places.move_to_end(key)
            for at, one in enumerate(places):
                if one.trace == trace and one.length == length:
                    # Given once more: what goes on, goes on from here.
                    del places[at]
                    break
            else:
                del places[: 1 - _ALIKE]
            places.append(place)
        self._forget()

    def add_older(self, known: Sequence[tuple[Keys, str]]) -> None:
        """Answers of before, oldest first: each trace goes on from its last one."""
        tips: set[str] = set()
        for keys, trace in reversed(known):
            place = Place(trace, step=b"" if trace in tips else None)
            tips.add(trace)
            for key in keys:
                if (places := self._places.get(key)) is None:
                    self._places[key] = [place]
                    self._places.move_to_end(key, last=False)
                elif len(places) < _ALIKE and all(each.trace != trace for each in places):
                    places.insert(0, place)
        self._forget()

    def find_calls(self, history: History) -> Found | None:
        """The last answer of a history, if it is known by the ids of its calls."""
        seen = next(iter(history), None)
        places = self._called(seen) if seen is not None else None
        return Found(seen, places) if seen is not None and places else None

    def find(self, history: History) -> Found | None:
        """The last answer of a history that is known, with the traces it may be of."""
        found: Found | None = None
        passed: list[Seen] = []
        for seen in self._known_in(history):
            passed.append(seen)
            called = self._called(seen)
            places = called or self._places_of(seen, history)
            if not places:
                continue
            # A conversation may say the same more than once.
            places = [one for one in places if one.length in (None, seen.start)] or places
            if found is None:
                found = Found(seen, places)
            else:
                # Of conversations that say the same by now, an earlier answer tells which it is.
                found.places = _also_in(places, found.places) or found.places
            if called or len(found.places) == 1:
                break
        return found or self._find_part(history, passed)

    def go_on(self, place: Place, step: bytes) -> None:
        """A request goes on from here."""
        self._taken += 1
        place.step, place.failed, place.at = step, False, self._taken

    def _places_of(self, seen: Seen, history: History) -> list[Place] | None:
        if seen.calls:
            return self._get(seen.words)
        whole, part = history.keys_after(seen)
        if (places := self._get(whole)) is not None or seen.words is None:
            return places
        return self._get(part) or self._get(seen.words)

    def _find_part(self, history: History, known: Sequence[Seen]) -> Found | None:
        """By prompts and answers alone: a client may have cut off how the conversation began."""
        found: Found | None = None
        agreeing = 0
        for seen in known:
            places = self._get(history.keys_after(seen)[1]) if not seen.calls else None
            if not places:
                continue
            found = found or Found(seen, places)
            both = _also_in(places, found.places)
            if both:
                found.places, agreeing = both, agreeing + 1
        if found is None or agreeing > 1 or _is_one(found.places):
            return found
        # `Go on.` and `Done.` are in many conversations, and one of each is no evidence, ...
        steps = history.steps_after(found.seen)
        found.places = [place for place in found.places if place.awaits(steps)]
        # ... but for the only one that nobody went on from.
        return found if _is_one(found.places) else None

    def _known_in(self, history: History) -> Iterator[Seen]:
        known = unknown = size = 0
        for seen in history:
            if self._knows(seen):
                known += 1
                yield seen
            else:
                unknown += 1
                size += seen.size
            most = _SHORT_LOOKED_AT if size < _SHORT_BYTES else _UNKNOWN_LOOKED_AT
            if known >= _KNOWN_LOOKED_AT or unknown >= most:
                return

    def _knows(self, seen: Seen) -> bool:
        get = self._get
        return bool(get(seen.mark) or get(seen.words) or self._called(seen))

    def _called(self, seen: Seen) -> list[Place] | None:
        return next((places for key in seen.calls if (places := self._get(key))), None)

    def _get(self, key: bytes | None) -> list[Place] | None:
        if key is None or (places := self._places.get(key)) is None:
            return None
        self._places.move_to_end(key)
        return places

    def _forget(self) -> None:
        while len(self._places) > self._most:
            self._places.popitem(last=False)


def _likeness(one: Asker | None, other: Asker) -> int:
    if one is None or one[0] != other[0]:
        return 0
    return 2 if one == other else 1


def _also_in(places: Sequence[Place], found: Sequence[Place]) -> list[Place]:
    """What was found in the traces of these places."""
    traces = {place.trace for place in places}
    return [place for place in found if place.trace in traces]


def _is_one(places: Sequence[Place]) -> bool:
    """Are they all in one trace?"""
    return len({place.trace for place in places}) == 1


def choose(places: Sequence[Place], steps: Sequence[bytes], *, asker: Asker, takes: bool) -> Place:
    """The place that a request goes on from; `steps` as of `History.steps_after`.

    `takes`: it is to be the next turn. Otherwise it asks about one (`count_tokens`).
    """
    *earlier, whole = steps

    def fitness(place: Place) -> tuple[int, int]:
        if place.step == whole and (place.failed or not takes):
            return 5, place.at
        if place.step in earlier:
            return 4, place.at
        if place.step is None:
            return 3, _likeness(place.asker, asker)
        if place.step == whole:
            return 2, place.at
        return (1 if place.failed else 0), place.at

    # Of the like, the last that was learned.
    return max(reversed(places), key=fitness)
