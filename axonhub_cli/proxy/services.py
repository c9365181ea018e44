"""What outlives a request: connections, state, clocks, and the places where limits hold."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct, field

from axonhub_cli.ir.recall import NOTHING, Recall
from axonhub_cli.pricing.prices import Pricer
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.issuers import Issuers
from axonhub_cli.proxy.upstream import Upstreams
from axonhub_cli.routing.allowances import Allowances
from axonhub_cli.routing.balance import Sources
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.state import RoutingState
from axonhub_cli.routing.tokens import Tokens
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord

Place = AbstractAsyncContextManager[None]


class Asking(Struct, frozen=True):
    """One attempt that is about to be made."""

    call: ClientCall
    candidate: Candidate
    record: RequestRecord
    attempt: AttemptRecord
    session: str
    others: Callable[[], Sequence[Candidate]] = tuple
    """Whom else the request may go to, if nothing speaks against them."""
    holds_cache: bool = False
    """The candidate's channel holds the session's prompt cache."""


class Admission(Protocol):
    """A channel's limits on what it is asked at once and in a minute."""

    def place(self, asking: Asking) -> Place:
        """A place in the channel for one attempt: entered when it is free, left when the attempt
        is over. Entering raises `ChannelBusy` where none is free in time."""


class Reservation(Protocol):
    """What a request is expected to use of its key's quotas."""

    def settle(self, record: RequestRecord) -> None:
        """The request is over, well or not; `record` has its attempts. Called exactly once."""


class Quotas(Protocol):
    """The limits of use of keys and profiles."""

    def reserve(self, call: ClientCall, record: RequestRecord) -> Reservation:
        """Called before anything is decided. Raises a `ClientError` when a quota is used up."""


class Unlimited:
    """No limit of any kind: an admission that is always free, a quota that never ends."""

    def place(self, asking: Asking) -> Unlimited:
        return self

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        return None

    def reserve(self, call: ClientCall, record: RequestRecord) -> Unlimited:
        return self

    def settle(self, record: RequestRecord) -> None:
        return None


UNLIMITED = Unlimited()


class Services(Struct, frozen=True):
    """What outlives a request; made once by the daemon."""

    upstreams: Upstreams
    clock: Callable[[], float]
    """Monotonic seconds."""
    refused: Callable[[str], None] = lambda reference: None
    """Told of the reference of a secret that an upstream refused."""
    issuers: Issuers | None = None
    """Whose signatures are whose; None: nobody's is known."""
    recall: Recall = NOTHING
    """Parts of earlier requests, decoded."""
    admission: Admission = UNLIMITED
    quotas: Quotas = UNLIMITED
    now: Callable[[], float] = time.time
    """Seconds since the epoch, for what outlives the daemon."""
    routing: RoutingState = field(default_factory=RoutingState)
    tokens: Tokens = field(default_factory=Tokens)
    """Which of them are put aside."""
    allowances: Allowances = field(default_factory=Allowances)
    """What is left of their limits."""
    sources: Sources = Sources()
    """What balancing may ask of limits and prices."""
    pricer: Pricer | None = None
    """What answers cost, for those who want to be told; None: nobody knows."""
    usage_refusers: set[str] = field(default_factory=set)
    """Base URLs of servers that refuse to be asked for the tokens of a stream."""
    draw: Callable[[], float] = random.random
    """A number from 0 up to 1, for jitter."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
