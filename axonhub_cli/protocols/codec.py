"""What a protocol must offer to be converted: wire to hub (`decode`) and hub to wire (`encode`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from axonhub_cli.errors import ClientError, ErrorInfo
from axonhub_cli.ir.events import Event
from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.recall import NOTHING, Recall
from axonhub_cli.ir.request import Request
from axonhub_cli.ir.response import Response
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.sse import SseEvent

UNSIGNED = "axonhub-unsigned"
"""The signature of reasoning that came without one: known by its form, never sent to a provider."""


class CannotCross(ClientError):
    """Content that the other protocol has no form for; where it stands is known on the wire alone,
    and told by the client's codec (`Codec.place`)."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_request", message)
        self.places: tuple[int, ...] = ()
        """In the hub: the turn, its block, and the part of that where it is a tool's result."""

    def within(self, place: int) -> CannotCross:
        """The same, seen from one level further out."""
        self.places = (place, *self.places)
        return self

    def told(self, where: str) -> ClientError:
        """As the client is told of it."""
        return ClientError(self.kind, f"{where}: {self.message}")


class Encoded(Struct, frozen=True):
    """A request body, and what of the request it does not say."""

    body: dict[str, Json]
    losses: tuple[Loss, ...] = ()


class ReplyContext(Struct, frozen=True):
    """What an answer needs to know of its request."""

    model: str
    """The name the client asked for: a converted answer carries it."""
    id: str
    """Used when the upstream gave none."""
    created: int = 0
    """Epoch seconds, for protocols that tell."""
    wants_usage: bool = True
    freeform: frozenset[str] = frozenset()
    """The client's tools whose calls are texts (`ir.freeform`)."""


class StreamDecoder(Protocol):
    """SSE events of an upstream to events of the hub. One for each stream."""

    def feed(self, event: SseEvent) -> list[Event]: ...

    def close(self) -> list[Event]:
        """No more will come: the events still owed, `Failed` when the stream had not ended."""
        ...


class StreamEncoder(Protocol):
    """Events of the hub to SSE bytes of the client's protocol. One for each stream."""

    def feed(self, event: Event) -> bytes: ...


class DecodeRequest(Protocol):
    """A request body to the hub. Items of its arrays may be `Raw`, for `recall` to know or decode.

    Raises `ClientError("invalid_request")` naming the JSON path of what cannot be.
    """

    def __call__(self, body: dict[str, Json], recall: Recall = NOTHING) -> Request: ...


class EncodeRequest(Protocol):
    """For the upstream model of that name. Raises `CannotCross`, or `ClientError` with a path."""

    def __call__(self, request: Request, model: str, recall: Recall = NOTHING) -> Encoded: ...


class Codec(Struct, frozen=True):
    """One protocol's conversion. Pure functions over decoded JSON."""

    decode_request: DecodeRequest
    arrays: tuple[str, ...]
    """Members of a request body whose items may be `Raw`."""
    encode_request: EncodeRequest
    decode_response: Callable[[Json], Response]
    """Tolerant: upstreams send nulls and odd types. Raises `UpstreamGarbled` for no answer."""
    encode_response: Callable[[Response, ReplyContext], Json]
    stream_decoder: Callable[[], StreamDecoder]
    stream_encoder: Callable[[ReplyContext], StreamEncoder]
    place: Callable[[Json, tuple[int, ...]], str]
    """The path, in a request body, of what `CannotCross` names by its places in the hub."""
    shows_images: bool
    """Can an answer hold an image? Else it is described in words, which is told as a loss."""
    decode_error: Callable[[int, bytes], ErrorInfo]
    """An error answer of the upstream, for a client of another protocol."""
