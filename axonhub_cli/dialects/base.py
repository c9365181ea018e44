"""What a dialect is: how a provider's endpoint deviates from a protocol, as a named set of quirks.

A request quirk takes a body as its protocol's encoder (or a client) wrote it, and returns the body
to send and what is lost by it. Nothing that was given is changed: a quirk returns a new top level,
or the very body it got when there is nothing to do. Bodies of clients come here unchecked, so a
quirk leaves alone whatever has another shape than it expects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, Protocol

from msgspec import Struct, field

from axonhub_cli.ir.collect import collect, replay
from axonhub_cli.ir.events import Event
from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.request import Request
from axonhub_cli.ir.response import Response
from axonhub_cli.jsonio import Json

Body = dict[str, Json]
Change = tuple[Body, tuple[Loss, ...]]

ReasoningStyle = Literal["none", "reasoning_content", "reasoning", "tags", "blocks"]
"""Where an answer's reasoning is: nowhere, in a field of the message, in `<think>` tags inside its
text, or in thinking blocks."""


class Settings(Struct, frozen=True):
    """What quirks need to know beside the request."""

    caps: dict[str, int] = field(default_factory=dict)
    """Glob of model names to the most tokens an answer may have; the first that fits counts."""
    session: str | None = None
    """The client's conversation, stable from turn to turn."""
    tells_user: bool = False
    """The channel says that the provider is told who the user is."""


class QuirkContext(Struct, frozen=True):
    """The request that a body belongs to. Read-only."""

    model: str
    """The upstream's name for it."""
    request: Request | None = None
    """None for a relay: the body is the client's own."""
    settings: Settings = Settings()


RequestQuirk = Callable[[Body, QuirkContext], Change]


class EventFilter(Protocol):
    """One stream's filter: an event in, the events that take its place out."""

    def feed(self, event: Event) -> list[Event]: ...


EventQuirk = Callable[[str], EventFilter]
"""Makes the filter of one answer. The text is unique to the request: ids are made from it."""


class Dialect(Struct, frozen=True):
    """A provider's deviations from one protocol."""

    name: str
    protocol: str
    request: tuple[RequestQuirk, ...] = ()
    """In the order they are applied."""
    events: tuple[EventQuirk, ...] = ()
    relays: bool = False
    """True: a request of the same protocol is sent as it came, without the request quirks."""
    dropped_headers: tuple[str, ...] = ()
    """Beginnings of header names that are not sent: they ask for what the quirks take out."""
    reasoning: ReasoningStyle = "reasoning_content"
    images: bool = True
    documents: bool = False
    json_schema: bool = True
    custom_tools: bool = False
    """Does it take free-form tools? Else they are sent as functions (`ir.freeform`)."""
    developer: bool = False
    """Does it know the role `developer`? The encoder writes `system`; clients may not."""

    stream_usage: bool = True
    """Chat: does it take `stream_options`? Those that do not tell a stream's tokens unasked."""

    def drops_header(self, name: str) -> bool:
        """`name` is lower-case."""
        return name.startswith(self.dropped_headers) if self.dropped_headers else False


def apply_quirks(dialect: Dialect, body: Body, context: QuirkContext) -> Change:
    """The body to send, and all that was lost on the way, each loss told once."""
    losses: dict[Loss, None] = {}
    for quirk in dialect.request:
        body, lost = quirk(body, context)
        losses.update(dict.fromkeys(lost))
    return body, tuple(losses)


class EventFilters:
    """The filters of a dialect in a row, for one stream."""

    def __init__(self, dialect: Dialect, seed: str) -> None:
        self._filters = [quirk(seed) for quirk in dialect.events]

    def feed(self, event: Event) -> list[Event]:
        events = [event]
        for each in self._filters:
            events = [after for before in events for after in each.feed(before)]
        return events

    def feed_all(self, events: Iterable[Event]) -> list[Event]:
        return [after for event in events for after in self.feed(event)]


def filter_response(dialect: Dialect, response: Response, seed: str) -> Response:
    """The same for an answer that came whole."""
    if not dialect.events:
        return response
    return collect(EventFilters(dialect, seed).feed_all(replay(response)))
