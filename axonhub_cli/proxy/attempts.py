"""The only loop over attempts: token, place, edits, sending, and what follows a failure.

Opened: the status (and pings) have gone out. Committed: content has. Until the commit a failed
attempt is followed by what `routing.policy` says; after it a failure is one error event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from axonhub_cli import jsonio
from axonhub_cli.config.durations import seconds
from axonhub_cli.errors import ChannelBusy, ClientError, UpstreamError, UpstreamStatus
from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.anthropic.signatures import is_signature_refusal
from axonhub_cli.proxy.attempt import Attempt
from axonhub_cli.proxy.call import ClientCall
from axonhub_cli.proxy.cost_telling import with_cost
from axonhub_cli.proxy.failure import sentence
from axonhub_cli.proxy.issuers import may_hold_signatures
from axonhub_cli.proxy.larger import keep_larger
from axonhub_cli.proxy.noting import note_answer, note_outgoing
from axonhub_cli.proxy.outgoing import Outgoing, issuer_of, prepare
from axonhub_cli.proxy.own_headers import routed_headers
from axonhub_cli.proxy.reply import Outlet, Reply
from axonhub_cli.proxy.reporting import report
from axonhub_cli.proxy.retry_after import forbids_retry, read_retry_after
from axonhub_cli.proxy.services import Asking, Services
from axonhub_cli.proxy.snapshot import Token
from axonhub_cli.proxy.spool import Spool
from axonhub_cli.proxy.stream_usage import UsageHider, refuses_usage
from axonhub_cli.proxy.target import Origin, Reasoning
from axonhub_cli.proxy.token_choice import TokenChoice
from axonhub_cli.routing import policy
from axonhub_cli.routing.candidates import Candidate
from axonhub_cli.routing.decision import Decision
from axonhub_cli.routing.health import Visit, unnoticed
from axonhub_cli.routing.outcome import Outcome
from axonhub_cli.routing.policy import Fault, Pace, Step
from axonhub_cli.routing.telling import Failure
from axonhub_cli.routing.upcoming import Upcoming
from axonhub_cli.tracing.context import parse
from axonhub_cli.tracing.recorder import AttemptRecord, RequestRecord

_UNSAYABLE = Fault("unsupported")


class Attempts:
    """The attempts of one request; make one for each."""

    def __init__(
        self,
        services: Services,
        call: ClientCall,
        reply: Reply,
        record: RequestRecord,
        session_key: str,
        elapsed_ms: Callable[[], float],
        decision: Decision,
    ) -> None:
        """`elapsed_ms`: how long the request has been here."""
        self._services = services
        self._call = call
        self._reply = reply
        self._record = record
        self._session_key = session_key
        self._elapsed_ms = elapsed_ms
        self._begun_ms = elapsed_ms()
        self._decision = decision
        self._drops_reasoning = False
        self._asks_usage = False
        self._upcoming = Upcoming(decision, services.routing.health)
        self._tokens = TokenChoice(services, call.snapshot, session_key)
        self._failures: list[Failure] = []
        self._kinds: list[str] = []
        """Of every attempt that failed."""
        self._unsayable: ClientError | None = None

    async def run(self) -> list[Failure]:
        """Try until one answers; what is returned is empty then, else every failure in order.
        Raises `ClientError` for what none of the candidates could even be asked."""
        upcoming = self._upcoming
        while upcoming:
            candidate = upcoming.take(self._services.now())
            step = await self._exhaust(candidate, after=len(upcoming))
            if step is None:
                return []
            self._name_channel(candidate)
            if step.action == "give_up" and not await self._may_go_on(step, candidate):
                break
        if not self._failures and self._unsayable is not None:
            raise self._unsayable
        return self._failures

    async def _may_go_on(self, step: Step, candidate: Candidate) -> bool:
        """After a prompt that was too long: is anybody left whose model takes more?"""
        context = self._services.sources.context
        if not step.larger or not await keep_larger(context, candidate, self._upcoming):
            return False
        self._record.decision["failures"][-1]["then"] = "a channel with a larger context"
        return True

    async def _exhaust(self, candidate: Candidate, *, after: int) -> Step | None:
        """Ask one candidate as often as is of use; None: it answered. `after`: how many follow."""
        repeats, delay = 0, 0.0
        while True:
            record = self._note_attempt(candidate, delay)
            try:
                await self._once(candidate, record)
                return None
            except (UpstreamError, ClientError) as error:
                step = self._decide(error, candidate, record, repeats, after)
            finally:
                record.ms = self._elapsed_ms() - record.offset_ms
            if step.action in ("next", "give_up"):
                return step
            repeats += step.action == "same"
            delay = step.delay
            if delay > 0:
                await self._services.sleep(delay)

    def _decide(
        self,
        error: UpstreamError | ClientError,
        candidate: Candidate,
        record: AttemptRecord,
        repeats: int,
        after: int,
    ) -> Step:
        """Note the failure, and what is to follow it."""
        routing, channel = self._call.snapshot.config.routing, candidate.channel
        asked = self._asked(error)
        fault = self._classify(error, asked)
        row = policy.row_of(fault, channel)
        if fault.kind == "signature":
            self._drops_reasoning = True
        if fault.kind == "stream_usage":
            self._services.usage_refusers.add(candidate.base_url)
        if row.token:
            self._tokens.failed(candidate, record.label)
        state = policy.State(
            repeats=repeats,
            tokens=self._tokens.left(candidate, record.label, last=after == 0),
            channels=after,
            # What a client takes to send its request is not the channels' time.
            left_s=seconds(routing.budget) - (self._elapsed_ms() - self._begun_ms) / 1000,
            retry_after=asked,
            may_repeat=not (isinstance(error, UpstreamStatus) and forbids_retry(error.headers)),
        )
        retries = channel.retries if channel.retries is not None else routing.retries
        pace = Pace(retries, seconds(routing.retry_delay))
        step = policy.decide(row, state, pace, self._services.draw())
        if isinstance(error, ChannelBusy) and error.elsewhere and step.action == "next":
            self._upcoming.put_back()
        self._note_failure(error, fault, step, record)
        return step

    def _classify(self, error: UpstreamError | ClientError, asked: float | None) -> Fault:
        if isinstance(error, ClientError):
            return _UNSAYABLE
        if self._refuses_reasoning(error):
            return Fault("signature", error.status if isinstance(error, UpstreamStatus) else None)
        if self._asks_usage and refuses_usage(error):
            return Fault("stream_usage", 400)
        return policy.classify(error, retry_after=asked)

    def _asked(self, error: UpstreamError | ClientError) -> float | None:
        if not isinstance(error, UpstreamStatus):
            return None
        return read_retry_after(error.headers, self._services.now())

    def _note_failure(
        self, error: UpstreamError | ClientError, fault: Fault, step: Step, record: AttemptRecord
    ) -> None:
        if isinstance(error, ClientError):
            self._unsayable = self._unsayable or error
            record.error = error.message
        else:
            failure = Failure(record.channel, error, fault.kind)
            self._failures.append(failure)
            record.error = sentence(failure)
        record.status, record.error_kind = "failed", fault.kind
        self._kinds.append(fault.kind)
        self._record.decision.setdefault("failures", []).append(
            {
                "channel": record.channel,
                "token": record.label,
                "kind": fault.kind,
                "then": step.reason,
                "delay_ms": round(step.delay * 1000),
            }
        )

    @property
    def _counts(self) -> bool:
        """Tokens are to be counted, which can be done here at need."""
        call = self._call
        return call.route.operation == "count_tokens" and call.protocol.codec is not None

    async def _once(self, candidate: Candidate, record: AttemptRecord) -> None:
        if self._counts and not candidate.native:
            await self._count_here(record)
            return
        try:
            await self._attempt(candidate, record)
        except UpstreamError as error:
            if not (self._counts and _has_no_count(error)):
                raise
            await self._count_here(record)

    async def _count_here(self, record: AttemptRecord) -> None:
        """The channel cannot count: an estimate, made off the loop, is better than none."""
        from axonhub_cli.counting.request import count

        tokens = await asyncio.to_thread(count, self._call.decoded, record.upstream_model)
        record.status = self._record.status = "completed"
        record.error = None
        body = jsonio.encode({"input_tokens": tokens})
        await self._reply.send_whole(200, [(b"content-type", b"application/json")], body)

    async def _attempt(self, candidate: Candidate, record: AttemptRecord) -> None:
        """One attempt, from the token to the report of how it ended."""
        async with self._services.admission.place(self._asking(candidate, record)):
            # Not before: while it waited for its place, another request may have had one refused.
            token = self._tokens.choose(candidate)
            record.label = token.label if token is not None else None
            outgoing = self._prepare(candidate, token)
            note_outgoing(outgoing, self._record, record)
            self._name_channel(candidate)
            with self._visit(candidate) as visit:
                error: UpstreamError | None = None
                left = True
                try:
                    # None: whole. An error: it broke after the commit, and the client was told.
                    error = await self._send(outgoing, candidate, record, visit)
                    left = False
                except UpstreamError as failed:
                    error, left = failed, False
                    raise
                finally:
                    kind = None if error is None else self._classify(error, self._asked(error)).kind
                    outcome = Outcome(
                        candidate,
                        error,
                        kind,
                        self._tokens.left(candidate, record.label),
                        tuple(record.answer_headers),
                        record.first_event_ms,
                        left,
                    )
                    report(
                        self._services, self._call, outcome, token, record, self._decision, visit
                    )
        note_answer(outgoing, self._record)
        record.error_kind = kind
        self._record.status = record.status
        self._record.error, self._record.error_kind = record.error, kind
        await self._learn_signatures(candidate, record)

    def _asking(self, candidate: Candidate, record: AttemptRecord) -> Asking:
        return Asking(
            self._call,
            candidate,
            self._record,
            record,
            self._session_key,
            lambda: self._upcoming.usable(self._services.now()),
            self._decision.stays == candidate.channel.name,
        )

    def _visit(self, candidate: Candidate) -> Visit:
        if self._counts:
            return unnoticed()
        return self._services.routing.health.begin(
            candidate.channel.name,
            candidate.upstream_model,
            self._services.now(),
            self._call.snapshot.pools.breaker,
        )

    def _prepare(self, candidate: Candidate, token: Token | None) -> Outgoing:
        limits = self._call.snapshot.limits[candidate.channel.name]
        record = self._record
        origin = Origin(
            record.id,
            int(record.at),
            record.trace_id,
            record.client or "",
            len(record.attempts),
            parse(record.traceparent),
        )
        reasoning, refusers = self._reasoning(candidate), self._services.usage_refusers
        made = prepare(self._call, candidate, token, limits, origin, reasoning, refusers)
        self._asks_usage = made.hides_usage
        return made

    async def _send(
        self, outgoing: Outgoing, candidate: Candidate, record: AttemptRecord, visit: Visit
    ) -> UpstreamError | None:
        reply: Outlet = self._reply
        if self._call.snapshot.config.server.usage_cost:
            reply = await with_cost(self._services, self._call, candidate, record, reply)
        if outgoing.hides_usage:
            reply = UsageHider(reply)
        if not self._call.streams:
            await self._make(reply, outgoing, candidate, record).whole(outgoing.call)
            return None

        def answered(first_event_ms: float) -> None:
            now, routing = self._services.now(), self._services.routing
            visit.answered(now, first_event_ms)
            self._decision.answered(routing, candidate.channel.name, now)

        spool = Spool(reply) if candidate.channel.buffered else None
        attempt = self._make(spool or reply, outgoing, candidate, record, answered)
        error = await attempt.stream(outgoing.call)
        if spool is None:
            return error
        if error is not None:
            # Nothing of it has reached the client: it can still be asked elsewhere.
            raise error
        await spool.replay()
        return None

    def _make(
        self,
        reply: Outlet,
        outgoing: Outgoing,
        candidate: Candidate,
        record: AttemptRecord,
        answered: Callable[[float], None] = lambda ms: None,
    ) -> Attempt:
        return Attempt(
            self._services.upstreams,
            PROTOCOLS[candidate.protocol],
            reply,
            record,
            self._call.snapshot.limits[candidate.channel.name],
            self._record.id,
            self._services.clock,
            outgoing.conversion,
            answered,
        )

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
        if issuers is not None and may_hold_signatures(record.answer):
            await asyncio.to_thread(issuers.learn_from, issuer_of(candidate), record.answer)

    def _note_attempt(self, candidate: Candidate, delay: float) -> AttemptRecord:
        record = AttemptRecord(candidate.channel.name, candidate.upstream_model, candidate.protocol)
        record.offset_ms = self._elapsed_ms()
        record.delay_ms = delay * 1000
        if self._record.linked and not candidate.native:
            record.delivered = []
        self._record.attempts.append(record)
        return record

    def _name_channel(self, candidate: Candidate) -> None:
        self._reply.extra_headers = routed_headers(
            self._record, self._decision, candidate, self._kinds
        )


def _has_no_count(error: UpstreamError) -> bool:
    return isinstance(error, UpstreamStatus) and error.status in (404, 405, 501)
