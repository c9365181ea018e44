"""One client's call as the proxy sees it: who asks, for what, with which bytes."""

from __future__ import annotations

from functools import cached_property

import msgspec

from axonhub_cli import jsonio
from axonhub_cli.config.schema import Key, Profile
from axonhub_cli.errors import ClientError
from axonhub_cli.ir.recall import NOTHING, Recall
from axonhub_cli.ir.request import Request
from axonhub_cli.jsonio import Envelope
from axonhub_cli.protocols.base import Route, WireProtocol
from axonhub_cli.proxy.query import passed_query
from axonhub_cli.proxy.reply import HeaderList
from axonhub_cli.proxy.snapshot import Snapshot

# Much is remembered by the model's name. The longest ones are those of files.
_LONGEST_MODEL = 1000


# Below it everything is decoded sooner than it is looked up what of it is known.
_SMALL = 4096


class ClientCall:
    """Everything is fixed when the call is made; `body` is unpacked and repaired, and `query` is
    without the client's key."""

    def __init__(
        self,
        *,
        protocol: WireProtocol,
        route: Route,
        query: str,
        headers: HeaderList,
        body: bytes,
        key: Key,
        profile: Profile | None,
        snapshot: Snapshot,
        recall: Recall = NOTHING,
    ) -> None:
        self.protocol = protocol
        self.route = route
        self.query = passed_query(query)
        self.headers = headers
        self.key = key
        self.profile = profile
        self.snapshot = snapshot
        self.recall = recall
        self.envelope, self.body = _read_envelope(body)
        if self.envelope.model is None:
            raise ClientError("invalid_request", "model: Field required")
        if not self.envelope.model.strip():
            raise ClientError("invalid_request", "model: String should have at least 1 character")
        if len(self.envelope.model) > _LONGEST_MODEL:
            message = f"model: String should have at most {_LONGEST_MODEL} characters"
            raise ClientError("invalid_request", message)

    @property
    def model(self) -> str:
        assert self.envelope.model is not None
        return self.envelope.model

    @property
    def streams(self) -> bool:
        return self.route.operation == "generate" and self.envelope.stream is True

    @cached_property
    def decoded(self) -> Request:
        """The request in the hub's words; made once, for every candidate that needs it."""
        codec = self.protocol.codec
        assert codec is not None
        try:
            if len(self.body) < _SMALL:
                return codec.decode_request(jsonio.decode(self.body))
            body = jsonio.decode_around(self.body, self.envelope, codec.arrays)
            return codec.decode_request(body, self.recall)
        except jsonio.InvalidJson as error:
            message = f"the request body is not valid JSON: {error}"
            raise ClientError("invalid_request", message) from error

    @cached_property
    def members(self) -> list[jsonio.Span]:
        """Where the body's top-level values stand; found once, for every attempt's splices."""
        return jsonio.object_spans(self.body)


def _read_envelope(body: bytes) -> tuple[Envelope, bytes]:
    if not body.strip():
        raise ClientError("invalid_request", "the request body is empty")
    try:
        return jsonio.read_envelope(body)
    except jsonio.InvalidJson as error:
        raise ClientError(
            "invalid_request", f"the request body is not valid JSON: {error}"
        ) from error
    except msgspec.ValidationError as error:
        # msgspec names the place as `$.model`.
        raise ClientError("invalid_request", str(error).replace("$.", "")) from error
