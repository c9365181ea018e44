"""`usage.cost` in answers, where `server.usage_cost` asks for it: US dollars, beside the tokens.

An outlet before the client's: it edits the last `usage` of an answer and passes on every other byte
as it came. The cost is that of the trace, by what the upstream itself said of its tokens; where
the price is not known, or not of all of it, nothing is added. A cost that stands there already is
replaced.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from decimal import Decimal

from axonhub_cli import jsonio
from axonhub_cli.ir.collect import merge_usage
from axonhub_cli.ir.response import Usage
from axonhub_cli.pricing.prices import UNKNOWN, Charge
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import Answer
from axonhub_cli.protocols.sse import EventSplitter
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.reply import HeaderList, Outlet
from axonhub_cli.proxy.services import Services
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.tracing.recorder import AttemptRecord
from axonhub_cli.tracing.spent import charge_runs

_DATA = re.compile(rb"^data:[ \t]*(\{[^\r\n]*\"usage\"[^\r\n]*\})[ \t]*(?=\r|\n|\Z)", re.MULTILINE)
_NO_TOKENS = Usage(input=0, output=0)


async def with_cost(
    services: Services,
    call: ClientCall,
    candidate: Candidate,
    record: AttemptRecord,
    reply: Outlet,
) -> Outlet:
    """The outlet to write an attempt's answer to."""
    pricer, channel = services.pricer, candidate.channel.name
    if pricer is None or call.route.operation != "generate":
        return reply
    model, now = candidate.upstream_model, services.now()
    if pricer.known(channel, model, _NO_TOKENS, at=now) is None:
        # The model's first time: its price is looked up off the loop.
        await asyncio.to_thread(pricer.charge, channel, model, _NO_TOKENS, at=now)
    totals = Totals(record, PROTOCOLS[candidate.protocol].read_totals)

    def cost() -> Decimal | None:
        answer = totals.read()

        def pay(asked: str | None, usage: Usage) -> Charge:
            known = pricer.known(channel, asked or model, usage, at=now, told=answer.told)
            return known or UNKNOWN

        charges = [charge for _, charge in charge_runs(answer, pay)]
        # A client cannot be told that it is at least so much.
        if not all(charge.is_all(partial=answer.partial) for charge in charges):
            return None
        return sum((charge.usd or Decimal(0) for charge in charges), Decimal(0))

    return CostTeller(reply, cost)


class Totals:
    """What an answer has told so far. Some tell their tokens with each event: each part of the
    answer is read once."""

    def __init__(self, record: AttemptRecord, read_totals: Callable[[bytes], Answer]) -> None:
        self._record = record
        self._read_totals = read_totals
        self._seen = 0
        self._splitter = EventSplitter()
        self._known = Answer()
        self._bills = False
        """It tells what is charged for apart, or refuses: which is read from the whole of it."""

    def read(self) -> Answer:
        new = b"".join(self._record.answer[self._seen :])
        if not self._seen and new.lstrip()[:1] == b"{":
            return self._read_totals(new)
        self._seen = len(self._record.answer)
        self._add(self._splitter.feed(new))
        # Of what was too much to keep there is the end.
        self._add(self._record.answer_rest)
        return self._read_totals(self._record.telling()) if self._bills else self._known

    def _add(self, piece: bytes) -> None:
        if piece:
            told = self._read_totals(piece)
            usage = merge_usage(self._known.usage, told.usage)
            known, self._bills = self._known, self._bills or bool(told.runs)
            partial = known.partial or told.partial
            self._known = Answer(usage=usage, told=known.told | told.told, partial=partial)


class CostTeller:
    """An `Outlet`; `cost` is asked when a `usage` passes, None: not known."""

    def __init__(self, reply: Outlet, cost: Callable[[], Decimal | None]) -> None:
        self._reply = reply
        self._cost = cost

    @property
    def opened(self) -> bool:
        return self._reply.opened

    @property
    def ended(self) -> bool:
        return self._reply.ended

    async def open(self, status: int, headers: HeaderList) -> None:
        await self._reply.open(status, headers)

    async def write(self, data: bytes) -> None:
        await self._reply.write(self._edited(data))

    async def end(self, data: bytes = b"") -> None:
        await self._reply.end(self._edited(data))

    async def send_whole(self, status: int, headers: HeaderList, body: bytes) -> None:
        whole = status < 400 and b'"usage"' in body
        await self._reply.send_whole(status, headers, self._document(body) if whole else body)

    def _edited(self, data: bytes) -> bytes:
        """Whole events; those with a `usage` at the top tell the end's."""
        if b'"usage"' not in data:
            return data
        edits = [
            (found.start(1), found.end(1), self._document(found[1]))
            for found in _DATA.finditer(data)
        ]
        return jsonio.splice(data, edits)

    def _document(self, data: bytes) -> bytes:
        try:
            spans = jsonio.object_spans(data)
        except jsonio.InvalidJson:
            return data
        objects = [s for s in spans if s.key == "usage" and data.startswith(b"{", s.start)]
        place = objects[0] if objects else None
        usd = self._cost() if place is not None else None
        if place is None or usd is None:
            return data
        costs = [s for s in jsonio.object_spans(data, place.start, place.end) if s.key == "cost"]
        if costs:
            return jsonio.splice(data, [(s.start, s.end, _number(usd)) for s in costs])
        last = place.end - 1
        comma = b"," if data[place.start + 1 : last].strip() else b""
        return jsonio.splice(data, [(last, last, comma + b'"cost":' + _number(usd))])


def _number(usd: Decimal) -> bytes:
    """Without an exponent, and without zeros at the end."""
    text = f"{usd:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).encode()
