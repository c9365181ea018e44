"""Put a trace's requests into turns: which agent made each, and what was new in it.

Clients that name their turns (`x-claude-code-prompt-id`) are believed; else a turn begins where a
request brings new words of the user, and every conversation has its own (see `speakers`). A turn in
which the user says nothing (an agent's own notice woke it) goes on with the one before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct, field, structs

from axonhub_cli.tracing.asked import News, is_summary
from axonhub_cli.tracing.beside import Side
from axonhub_cli.tracing.conversation import ToolCall
from axonhub_cli.tracing.exchanges import Exchange, read_exchange
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.rows import RequestRow
from axonhub_cli.tracing.session import (
    Agent,
    Aside,
    Label,
    SessionView,
    SideRequests,
    Step,
    Turn,
)
from axonhub_cli.tracing.speakers import Conversation, Speakers, holds_summary

_PAUSE_S = 3600.0
"""After so long without a request, a turn is one that came back to the session."""
_ONE_TURN_A_RUN = "sdk-cli)"
"""Of Claude Code's `-p`, as its User-Agent ends: each further turn is a run that continues."""
_NOTICES = (
    "Continue from where you left off.",
    "[Request interrupted by user]",
    "[Request interrupted by user for tool use]",
)
_CUT_OFF = "Your response above was cut off mid-stream."
"""Claude Code's own words in the user's name; the last is how it asks for the rest of a stream that
broke (captured from 2.1.330)."""


def read_session(reader: TraceReader, given: str) -> SessionView:
    """The session of a trace's id, or of the beginning of one. Raises `NotRecorded`."""
    trace = reader.trace(given)
    rows = reversed(reader.list_requests(trace=trace.id, source=None))
    return SessionView(trace, build_turns([read_exchange(reader, row) for row in rows]))


def build_turns(exchanges: list[Exchange]) -> tuple[Turn, ...]:
    """The turns of exchanges, which come oldest first."""
    builder = _Builder(exchanges)
    for exchange in exchanges:
        builder.add(exchange)
    return builder.finish()


class _Turn(Struct, eq=False):
    """A turn while it is put together."""

    at: float
    conversation: Conversation | None = None
    user: str = ""
    attachments: int = 0
    continued: bool = False
    steps: list[Step] = field(default_factory=list)
    calls: dict[str, ToolCall] = field(default_factory=dict)
    """By agent: what started it, or told it more in this turn."""
    side: dict[Side, list[Aside]] = field(default_factory=dict)

    @property
    def spoken(self) -> bool:
        return bool(self.user or self.attachments)


class _Builder:
    def __init__(self, exchanges: list[Exchange]) -> None:
        self._speakers = Speakers(exchanges)
        self._turns: list[_Turn] = []
        self._named: dict[str, _Turn] = {}
        self._current: dict[Conversation, _Turn] = {}
        self._agents: dict[str, Conversation] = {}
        self._until = 0.0

    def add(self, exchange: Exchange) -> None:
        row, asked, said = exchange.row, exchange.asked, exchange.said
        conversation = self._speakers.find(exchange)
        if conversation is None:
            turn = self._named.get(row.prompt_id or "") or self._latest(row)
            aside = Aside(row, "\n".join(asked.news.texts), said.text)
            turn.side.setdefault(asked.side or "auxiliary", []).append(aside)
        else:
            self._add_step(exchange, conversation)
            self._speakers.remember(exchange, conversation)
        self._until = max(self._until, row.at + (row.total_ms or 0) / 1000)

    def finish(self) -> tuple[Turn, ...]:
        merged: list[_Turn] = []
        for turn in self._turns:
            # Side requests before the first words (a title) belong to the turn that follows.
            if merged and not merged[-1].spoken and not merged[-1].steps:
                _merge(turn, merged.pop())
                merged.append(turn)
            elif (before := _before(merged, turn)) is not None and not turn.spoken:
                _merge(before, turn)
            else:
                merged.append(turn)
        spoken = Counter(turn.conversation for turn in merged)
        # Where nothing ever goes on, each turn says by itself that it is something else.
        labelled = any(number > 1 for number in spoken.values())
        return tuple(self._finished(turn, labelled=labelled) for turn in merged)

    def _add_step(self, exchange: Exchange, conversation: Conversation) -> None:
        row, asked, said = exchange.row, exchange.asked, exchange.said
        repeated = conversation.last == asked.news != News() and conversation.reply == asked.reply
        label = _label(exchange, conversation)
        news = _only_new(exchange, conversation, label)
        of_user = conversation.agent is None and not repeated and not asked.asks_summary
        speaks = of_user and bool(news.texts or (news.attachments and not news.results))
        told = "" if conversation.agent is None or repeated else "\n".join(news.texts)
        turn = self._turn(row, conversation, speaks=speaks, told=told)
        if of_user and not turn.spoken:
            turn.user = "\n".join(news.texts)
            turn.attachments = news.attachments
        turn.steps.append(
            Step(
                request=row,
                agent=conversation.agent,
                depth=conversation.depth,
                repeated=repeated,
                prompt=told,
                results=() if repeated else news.results,
                text=said.text,
                calls=said.calls,
                thinking=said.thinking,
                label=label,
            )
        )

    def _turn(
        self, row: RequestRow, conversation: Conversation, *, speaks: bool, told: str
    ) -> _Turn:
        above, call = conversation.parent, conversation.call
        new = conversation not in self._current
        if conversation.agent is not None:
            self._agents[conversation.agent] = conversation
            if not new and told and (found := self._speakers.told_by(told)) is not None:
                above, call, new = *found, True
        turn = self._pick_turn(row, conversation, above if new else None, speaks=speaks)
        if conversation.agent is not None and new and call is not None:
            turn.calls[conversation.agent] = call
        self._current[conversation] = turn
        return turn

    def _pick_turn(
        self,
        row: RequestRow,
        conversation: Conversation,
        above: Conversation | None,
        *,
        speaks: bool,
    ) -> _Turn:
        """`above`: whoever has just told an agent what to do."""
        if row.prompt_id is not None:
            turn = self._named.get(row.prompt_id)
            if turn is None:
                turn = self._named[row.prompt_id] = self._begin(row, conversation)
            return turn
        known = self._current.get(conversation)
        if conversation.agent is None:
            return self._begin(row, conversation) if speaks or known is None else known
        if above is not None and above in self._current:
            return self._current[above]
        return known or self._latest(row)

    def _latest(self, row: RequestRow) -> _Turn:
        return self._turns[-1] if self._turns else self._begin(row, None)

    def _begin(self, row: RequestRow, conversation: Conversation | None) -> _Turn:
        runs_once = (row.user_agent or "").endswith(_ONE_TURN_A_RUN)
        goes_on = conversation is not None and conversation.last is not None
        paused = self._until and row.at - self._until > _PAUSE_S
        continued = bool(goes_on and (runs_once or paused))
        self._turns.append(_Turn(row.at, conversation, continued=continued))
        return self._turns[-1]

    def _finished(self, turn: _Turn, *, labelled: bool) -> Turn:
        steps = [
            step
            if labelled or step.label != "new conversation"
            else structs.replace(step, label=None)
            for step in turn.steps
        ]
        return Turn(
            at=turn.at,
            user=turn.user,
            attachments=turn.attachments,
            continued=turn.continued,
            conversation=turn.conversation.number or 1 if turn.conversation is not None else 1,
            steps=tuple(steps),
            agents=tuple(self._finished_agents(turn, steps)),
            side=tuple(SideRequests(kind, tuple(rows)) for kind, rows in turn.side.items()),
        )

    def _finished_agents(self, turn: _Turn, steps: Sequence[Step]) -> Iterable[Agent]:
        for name in dict.fromkeys(step.agent for step in steps if step.agent is not None):
            known = self._agents[name]
            call = turn.calls.get(name)
            yield Agent(
                id=name,
                parent=known.parent_agent,
                call_id=call.id if call is not None else None,
                name=known.call.about if known.call is not None else "",
                steps=tuple(step for step in steps if step.agent == name),
            )


def _before(turns: Sequence[_Turn], turn: _Turn) -> _Turn | None:
    """The turn that one without words goes on with, of the same conversation."""
    if turn.conversation is None:
        return turns[-1] if turns else None
    same = (t for t in reversed(turns) if t.conversation in (turn.conversation, None))
    return next(same, None)


def _merge(into: _Turn, other: _Turn) -> None:
    into.at = min(into.at, other.at)
    into.steps = sorted([*into.steps, *other.steps], key=lambda step: step.request.at)
    into.calls = other.calls | into.calls
    for kind, rows in other.side.items():
        into.side.setdefault(kind, []).extend(rows)
    into.side = dict(sorted(into.side.items(), key=lambda side: side[1][0].request.at))


def _label(exchange: Exchange, conversation: Conversation) -> Label | None:
    asked = exchange.asked
    if not asked.readable:
        return "unreadable"
    if asked.asks_summary:
        return "compaction"
    if conversation.last is None:
        if asked.begins_with_summary:
            return "compacted"
        return "new conversation" if conversation.number > 1 else None
    if asked.root in conversation.roots or not asked.root:
        return None
    sums_up = asked.begins_with_summary or holds_summary(asked.root, conversation.summary)
    return "compacted" if sums_up else None


def _only_new(exchange: Exchange, conversation: Conversation, label: Label | None) -> News:
    """Without what an earlier request brought, and without an agent's own notices: a client that
    goes on with a session, or after a request that failed, sends its last results and words again,
    joined with the new ones."""
    asked = exchange.asked
    news, last = asked.news, conversation.last
    texts, results, attachments = list(news.texts), list(news.results), news.attachments
    if label == "compacted":
        texts = [t for t in texts if not is_summary(t) and t.split()[:1] != ["/compact"]]
    unanswered = last is not None and asked.reply == conversation.reply and last != news
    if last is not None and unanswered and news.texts[: len(last.texts)] == last.texts:
        texts = texts[len(last.texts) :]
        results = [r for r in results if r.call_id not in conversation.results]
        attachments = max(0, attachments - last.attachments)
    elif any(result.call_id in conversation.results for result in results) or (
        label == "compaction" and len(texts) > 1
    ):
        results = [r for r in results if r.call_id not in conversation.results]
        known = Counter(last.texts if last is not None else ())
        texts = [text for text in texts if not _take(known, text)]
    texts = [t for t in texts if t not in _NOTICES and not t.startswith(_CUT_OFF)]
    return structs.replace(
        news, texts=tuple(texts), results=tuple(results), attachments=attachments
    )


def _take(known: Counter[str], text: str) -> bool:
    found = known[text] > 0
    known[text] -= found
    return found
