"""One client's call from end to end: quota, plan, attempts, answer, record. Read it top-down."""

from __future__ import annotations

import asyncio

from axonhub_cli.config.durations import seconds
from axonhub_cli.errors import ErrorInfo
from axonhub_cli.proxy.attempts import Attempts
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.failure import describe
from axonhub_cli.proxy.guard import ClientLeft, Pings, Receive, guarded
from axonhub_cli.proxy.own_headers import naming, own_headers
from axonhub_cli.proxy.plan import make_decision
from axonhub_cli.proxy.reply import HeaderList, Reply
from axonhub_cli.proxy.retry_after import read_retry_after, replace_retry_after
from axonhub_cli.proxy.services import Services
from axonhub_cli.routing.decision import Decision
from axonhub_cli.routing.telling import LASTING, Failure, earlier_recovery
from axonhub_cli.tracing.recorder import RequestRecord


class Handler:
    """Serves one call; make one for each."""

    def __init__(
        self,
        services: Services,
        call: ClientCall,
        reply: Reply,
        record: RequestRecord,
        started: float,
    ) -> None:
        """`started`: when the request's head came, by the services' clock. What is noted of times
        counts from there, as the client's does."""
        self._services = services
        self._call = call
        self._reply = reply
        self._record = record
        self._started = started
        self._session_key = record.trace_id or record.id

    async def handle(self, receive: Receive) -> None:
        """Answer the client. Raises `NoCandidate` or `ClientError` before the first attempt;
        otherwise whatever happens is told to the client and noted in the record."""
        reservation = self._services.quotas.reserve(self._call, self._record)
        try:
            decision = make_decision(self._services, self._call, self._record, self._session_key)
            await self._answer(decision, receive)
        finally:
            reservation.settle(self._record)

    async def _answer(self, decision: Decision, receive: Receive) -> None:
        try:
            await guarded(
                self._try_all(decision), receive=receive, reply=self._reply, pings=self._pings()
            )
        except ClientLeft:
            self._record.status = self._record.error_kind = "canceled"
            self._record.error = "the client closed the connection"
        except asyncio.CancelledError:
            await self._stopped()
            raise
        finally:
            self._close_record()

    def _pings(self) -> Pings | None:
        if not self._call.streams:
            return None
        interval = seconds(self._call.snapshot.config.server.ping_interval)
        return Pings(self._call.protocol.ping, interval)

    async def _try_all(self, decision: Decision) -> None:
        self._reply.early_headers = own_headers(self._record)
        attempts = Attempts(
            self._services,
            self._call,
            self._reply,
            self._record,
            self._session_key,
            self._elapsed_ms,
            decision,
        )
        failures = await attempts.run()
        if failures:
            await self._fail(failures, decision)

    async def _fail(self, failures: list[Failure], decision: Decision) -> None:
        answer = describe(failures, self._record.id)
        self._record.status, self._record.error = "failed", answer.info.message
        self._record.error_kind = answer.failure
        protocol = self._call.protocol
        if self._reply.opened:
            await self._reply.end(protocol.encode_stream_error(answer.info))
            return
        if answer.channel is not None:
            self._reply.extra_headers = naming(
                self._reply.extra_headers, self._record, answer.channel
            )
        headers = self._promise(answer.headers, decision)
        body = answer.body
        if body is None:
            body = protocol.encode_error(answer.info)
            headers = [*headers, (b"content-type", b"application/json")]
        await self._reply.send_whole(answer.info.status, headers, body)

    def _promise(self, headers: HeaderList, decision: Decision) -> HeaderList:
        """Say when to ask again: when the first of the channels may, not when the one that was
        asked last may."""
        now, health = self._services.now(), self._services.routing.health
        failures = self._record.decision.get("failures", ())
        lasting = {each["channel"] for each in failures if each["kind"] in LASTING}
        waits: dict[str, float] = {}
        for each in decision.candidates:
            if each.channel.name in lasting:
                continue
            wait = health.avoided_for(each.channel.name, each.upstream_model, now)
            waits[each.channel.name] = min(wait, waits.get(each.channel.name, wait))
        sooner = earlier_recovery(read_retry_after(headers, now), waits)
        return headers if sooner is None else replace_retry_after(headers, sooner)

    async def _stopped(self) -> None:
        """The daemon ends before the answer did: say so, if a client still listens."""
        self._record.status, self._record.error = "failed", "axonhub was stopped"
        self._record.error_kind = "stopped"
        info = ErrorInfo.of("upstream", "axonhub was stopped", request_id=self._record.id)
        if self._reply.ended:
            return
        if self._reply.opened and self._call.streams:
            await self._reply.end(self._call.protocol.encode_stream_error(info))
        elif not self._reply.opened:
            await self._reply.send_whole(
                503,
                [(b"content-type", b"application/json")],
                self._call.protocol.encode_error(info),
            )

    def _close_record(self) -> None:
        record = self._record
        record.http_status = self._reply.status
        record.total_ms = self._elapsed_ms()
        for attempt in record.attempts:
            if attempt.first_event_ms is not None:
                record.first_token_ms = attempt.offset_ms + attempt.first_event_ms
            if attempt.status == "running":
                attempt.status = "canceled"
                attempt.ms = attempt.ms or record.total_ms - attempt.offset_ms

    def _elapsed_ms(self) -> float:
        return (self._services.clock() - self._started) * 1000
