"""One client's call from end to end: plan, attempts, answer, record. Read it top-down.

Opened: the status (and pings) have gone out. Committed: content has. Until the commit a failed
attempt is followed by the next candidate; after it a failure is one error event.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from msgspec import Struct

from axonhub_cli import jsonio
from axonhub_cli.config.durations import seconds
from axonhub_cli.errors import ErrorInfo, UpstreamError, UpstreamStatus
from axonhub_cli.protocols import CONVERTIBLE, PROTOCOLS
from axonhub_cli.protocols.anthropic.signatures import find_signatures, is_signature_refusal
from axonhub_cli.protocols.recall import NOTHING, Recall
from axonhub_cli.proxy.attempt import Attempt
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.failure import Failure, describe, sentence
from axonhub_cli.proxy.guard import ClientLeft, Pings, Receive, guarded
from axonhub_cli.proxy.headers import safe_value
from axonhub_cli.proxy.issuers import Issuers
from axonhub_cli.proxy.outgoing import Origin, Outgoing, Reasoning, issuer_of, prepare
from axonhub_cli.proxy.reply import Reply
from axonhub_cli.proxy.retry_after import read_retry_after
from axonhub_cli.proxy.snapshot import Limits
from axonhub_cli.proxy.upstream import Upstreams
from axonhub_cli.routing import balance, candidates, mapping, retry
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.rest import RestList
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord


class Services(Struct, frozen=True):
    """What outlives a request."""

    upstreams: Upstreams
    resting: RestList
    clock: Callable[[], float]
    """Monotonic seconds."""
    refused: Callable[[str], None] = lambda reference: None
    """Told of the reference of a secret that an upstream refused."""
    issuers: Issuers | None = None
    """Whose signatures are whose; None: nobody's is known."""
    recall: Recall = NOTHING
    """Parts of earlier requests, decoded."""


def _has_no_count(error: UpstreamError) -> bool:
    return isinstance(error, UpstreamStatus) and error.status in (404, 405, 501)


class Handler:
    """Serves one call; make one for each."""

    def __init__(
        self, services: Services, call: ClientCall, reply: Reply, record: RequestRecord
    ) -> None:
        self._services = services
        self._call = call
        self._reply = reply
        self._record = record
        self._started = services.clock()
        self._session_key = record.trace_id or record.id
        self._drops_reasoning = False

    async def handle(self, receive: Receive) -> None:
        """Answer the client. Raises `NoCandidate` before the first attempt; otherwise whatever
        happens is told to the client and noted in the record."""
        plan = self._plan()
        try:
            await guarded(
                self._try_all(plan), receive=receive, reply=self._reply, pings=self._pings()
            )
        except ClientLeft:
            self._record.status = "canceled"
            self._record.error = "the client closed the connection"
        except asyncio.CancelledError:
            await self._stopped()
            raise
        finally:
            self._close_record()

    def _plan(self) -> list[Candidate]:
        """Pure decisions: mapping, candidates, order. Noted for the trace, rejections included."""
        call, config = self._call, self._call.snapshot.config
        resolved = mapping.resolve(call.profile, call.model)
        found = candidates.find(
            config,
            resolved.model,
            call.protocol.name,
            call.snapshot.faults,
            CONVERTIBLE if call.protocol.codec is not None else (),
        )
        now = self._services.clock()
        plan = balance.order(
            found.usable,
            session_key=self._session_key,
            resting=lambda c: self._services.resting.resting(
                c.channel.name, c.upstream_model, now=now
            ),
        )
        self._record.decision = {
            "rule": resolved.rule,
            "candidates": [{"channel": c.channel.name, "model": c.upstream_model} for c in plan],
            "rejected": [{"channel": r.channel, "reason": r.reason} for r in found.rejected],
        }
        if not plan:
            raise candidates.refuse(config, resolved.model, found)
        return plan

    def _pings(self) -> Pings | None:
        if not self._call.streams:
            return None
        interval = seconds(self._call.snapshot.config.server.ping_interval)
        return Pings(self._call.protocol.ping, interval)

    async def _try_all(self, plan: list[Candidate]) -> None:
        """The only loop over attempts."""
        failures: list[Failure] = []
        for candidate in plan:
            repeated = False
            while True:
                record = self._note_attempt(candidate)
                try:
                    if self._counts and not candidate.native:
                        await self._count_here(record)
                    else:
                        await self._attempt(candidate, record)
                    return
                except UpstreamError as error:
                    if self._counts and _has_no_count(error):
                        await self._count_here(record)
                        return
                    failure = Failure(candidate.channel.name, error)
                    record.status, record.error = "failed", sentence(failure)
                    self._let_rest(candidate, error)
                    if self._refuses_reasoning(error):
                        self._drops_reasoning = True
                        continue
                    decision = retry.decide(error, repeated=repeated, last=candidate is plan[-1])
                finally:
                    record.ms = self._elapsed_ms() - record.offset_ms
                if decision == "repeat":
                    repeated = True
                    continue
                failures.append(failure)
                break
            if decision == "give_up":
                break
        await self._fail(failures)

    @property
    def _counts(self) -> bool:
        """Tokens are to be counted, which can be done here at need."""
        call = self._call
        return call.route.operation == "count_tokens" and call.protocol.codec is not None

    async def _count_here(self, record: AttemptRecord) -> None:
        """The channel cannot count: an estimate, made off the loop, is better than none."""
        from axonhub_cli.counting.request import count

        tokens = await asyncio.to_thread(count, self._call.decoded, record.upstream_model)
        record.status = self._record.status = "completed"
        record.error = None
        body = jsonio.encode({"input_tokens": tokens})
        await self._reply.send_whole(200, [(b"content-type", b"application/json")], body)

    async def _attempt(self, candidate: Candidate, record: AttemptRecord) -> None:
        call, channel = self._call, candidate.channel
        token = call.snapshot.token(channel, self._session_key)
        limits = call.snapshot.limits[channel.name]
        origin = Origin(self._record.id, int(self._record.at), self._record.trace_id)
        outgoing = prepare(call, candidate, token, limits, origin, self._reasoning(candidate))
        self._record.losses = [
            {"path": loss.path, "reason": loss.reason} for loss in outgoing.losses
        ]
        record.url = outgoing.call.url
        record.label = token.label if token is not None else None
        body = outgoing.call.body
        record.sent_body = body if body is not call.body else None
        record.sent_parts = outgoing.parts
        self._name_channel(candidate)
        try:
            await self._send(outgoing, limits, record)
        except UpstreamStatus as error:
            if token is not None and error.status in retry.CREDENTIAL_STATUSES:
                self._services.refused(token.reference)
            raise
        self._services.resting.wake(channel.name, candidate.upstream_model)
        self._record.status = record.status
        self._record.error = record.error
        await self._learn_signatures(candidate, record)

    def _reasoning(self, candidate: Candidate) -> Reasoning:
        if self._services.issuers is None:
            return Reasoning(dropped=self._drops_reasoning)
        issuers, name = self._services.issuers, issuer_of(candidate)
        return Reasoning(
            issuers.foreign_to(name), issuers.knows_others(name), self._drops_reasoning
        )

    def _refuses_reasoning(self, error: UpstreamError) -> bool:
        """A refusal of signatures is answered by one repetition without any reasoning."""
        return (
            not self._drops_reasoning
            and isinstance(error, UpstreamStatus)
            and b'thinking"' in self._call.body
            and is_signature_refusal(error.status, error.body)
        )

    async def _learn_signatures(self, candidate: Candidate, record: AttemptRecord) -> None:
        """After the answer, and off the loop: who issued what it holds."""
        issuers = self._services.issuers
        if issuers is None or not any(
            b"signature" in chunk or b"redacted_thinking" in chunk for chunk in record.answer
        ):
            return

        def learn() -> None:
            issuers.learn(issuer_of(candidate), find_signatures(b"".join(record.answer)))

        await asyncio.to_thread(learn)

    async def _send(
        self,
        outgoing: Outgoing,
        limits: Limits,
        record: AttemptRecord,
    ) -> None:
        call = self._call
        attempt = Attempt(
            self._services.upstreams,
            PROTOCOLS[record.upstream_protocol],
            self._reply,
            record,
            limits,
            self._record.id,
            self._services.clock,
            outgoing.conversion,
        )
        send = attempt.stream if call.streams else attempt.whole
        await send(outgoing.call)

    def _note_attempt(self, candidate: Candidate) -> AttemptRecord:
        record = AttemptRecord(candidate.channel.name, candidate.upstream_model, candidate.protocol)
        record.offset_ms = self._elapsed_ms()
        self._record.attempts.append(record)
        return record

    def _name_channel(self, candidate: Candidate) -> None:
        self._reply.extra_headers = [
            (b"ah-request-id", self._record.id.encode()),
            (b"ah-trace-id", safe_value(self._record.trace_id or "")),
            (b"ah-channel", safe_value(candidate.channel.name)),
            (b"ah-upstream-model", safe_value(candidate.upstream_model)),
        ]

    def _let_rest(self, candidate: Candidate, error: UpstreamError) -> None:
        # Counting tokens is a side road: an upstream without it must stay in use for messages.
        if self._call.route.operation == "count_tokens" or not retry.rests(error):
            return
        self._services.resting.rest(
            candidate.channel.name,
            candidate.upstream_model,
            now=self._services.clock(),
            seconds=_asked_for(error),
        )

    async def _fail(self, failures: list[Failure]) -> None:
        answer = describe(failures, self._record.id)
        self._record.status, self._record.error = "failed", answer.info.message
        protocol = self._call.protocol
        if self._reply.opened:
            await self._reply.end(protocol.encode_stream_error(answer.info))
            return
        headers = answer.headers
        body = answer.body
        if body is None:
            body = protocol.encode_error(answer.info)
            headers = [*headers, (b"content-type", b"application/json")]
        await self._reply.send_whole(answer.info.status, headers, body)

    async def _stopped(self) -> None:
        """The daemon ends before the answer did: say so, if a client still listens."""
        self._record.status, self._record.error = "failed", "axonhub was stopped"
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


def _asked_for(error: UpstreamError) -> float | None:
    if not isinstance(error, UpstreamStatus):
        return None
    return read_retry_after(error.headers, time.time())
