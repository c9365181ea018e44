"""Put a trace's requests into turns: which agent made each, and what was new in it.

Clients that name their turns (`x-claude-code-prompt-id`) and subagents are believed; else a turn
begins where a request brings new words of the user, and a conversation that begins with what a
tool call tells a subagent is that subagent's. A turn in which the user says nothing (an agent's
own notice woke it) goes on with the one before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct, field, structs

from axonhub_cli.protocols import PROTOCOLS
from axonhub_cli.protocols.base import Answer
from axonhub_cli.tracing.asked import Asked, News, Side, is_summary, read_asked
from axonhub_cli.tracing.conversation import Said, ToolCall, clip, read_said
from axonhub_cli.tracing.queries import TraceReader
from axonhub_cli.tracing.rows import RequestRow
from axonhub_cli.tracing.session import Agent, Label, SessionView, SideRequests, Step, Turn

_PAUSE_S = 3600.0
"""After so long without a request, a turn is one that came back to the session."""
_ONE_TURN_A_RUN = "sdk-cli)"
"""Of Claude Code's `-p`, as its User-Agent ends: each further turn is a run that continues."""
_SHORTEST_SUMMARY = 80
_RESUMED = "Continue from where you left off."
"""Claude Code's own words, in the user's name."""


class Exchange(Struct, frozen=True):
    """A request with what it asked and what was said to it."""

    row: RequestRow
    asked: Asked
    said: Said = Said()


def read_session(reader: TraceReader, given: str) -> SessionView:
    """The session of a trace's id, or of the beginning of one. Raises `NotRecorded`."""
    trace = reader.trace(given)
    rows = reversed(reader.list_requests(trace=trace.id, source=None))
    return SessionView(trace, build_turns([read_exchange(reader, row) for row in rows]))


def read_exchange(reader: TraceReader, row: RequestRow) -> Exchange:
    """Both sides of one request; whatever its bodies hold, this does not fail."""
    body = reader.request_body(row.id)
    asked = read_asked(row.protocol, body, row.operation, row.request_class)
    if asked.side is not None:
        return Exchange(row, asked)
    protocol = PROTOCOLS.get(row.upstream_protocol or "")
    answer = reader.answer_body(row.id) if protocol is not None else None
    read = protocol.read_answer(answer) if protocol is not None and answer else Answer()
    return Exchange(row, asked, read_said(read))


def build_turns(exchanges: Sequence[Exchange]) -> tuple[Turn, ...]:
    """The turns of exchanges, which come oldest first."""
    builder = _Builder(_main_tools(exchanges))
    for exchange in exchanges:
        builder.add(exchange)
    return builder.finish()


def _main_tools(exchanges: Sequence[Exchange]) -> bool:
    """Does the main agent have tools? A request without any is then beside the conversation."""
    return any(e.asked.tools and e.row.agent_id is None and not e.asked.side for e in exchanges)


class _Conversation(Struct):
    """One agent's so far."""

    agent: str | None
    parent: str | None = None
    depth: int = 0
    call: ToolCall | None = None
    turn: _Turn | None = None
    roots: set[str] = field(default_factory=set)
    last: News | None = None
    texts: tuple[str, ...] = ()
    results: set[str] = field(default_factory=set)
    summary: str = ""


class _Turn(Struct):
    """A turn while it is put together."""

    at: float
    user: str = ""
    attachments: int = 0
    continued: bool = False
    steps: list[Step] = field(default_factory=list)
    side: dict[Side, list[RequestRow]] = field(default_factory=dict)

    @property
    def spoken(self) -> bool:
        return bool(self.user or self.attachments)


class _Builder:
    def __init__(self, main_tools: bool) -> None:
        self._main_tools = main_tools
        self._turns: list[_Turn] = []
        self._named: dict[str, _Turn] = {}
        self._main = _Conversation(None)
        self._agents: dict[str, _Conversation] = {}
        self._calls: list[tuple[_Conversation, ToolCall]] = []
        self._until = 0.0

    def add(self, exchange: Exchange) -> None:
        row, asked = exchange.row, exchange.asked
        conversation = self._conversation(exchange)
        if conversation is None:
            turn = self._named.get(row.prompt_id or "") or self._current(row)
            turn.side.setdefault(asked.side or "auxiliary", []).append(row)
        else:
            self._add_step(exchange, conversation)
        self._until = max(self._until, row.at + (row.total_ms or 0) / 1000)

    def finish(self) -> tuple[Turn, ...]:
        merged: list[_Turn] = []
        for turn in self._turns:
            # Side requests before the first words (a title) belong to the turn that follows.
            if merged and not merged[-1].spoken and not merged[-1].steps:
                _merge(turn, merged.pop())
                merged.append(turn)
            elif merged and not turn.spoken:
                _merge(merged[-1], turn)
            else:
                merged.append(turn)
        return tuple(self._finished(turn) for turn in merged)

    def _conversation(self, exchange: Exchange) -> _Conversation | None:
        """Whose request it is; None: it is beside the conversation."""
        row, asked = exchange.row, exchange.asked
        if asked.side is not None:
            return None
        if row.agent_id is not None:
            return self._agent(row.agent_id, row.parent_agent_id, asked)
        root = asked.root
        if not root or asked.asks_summary or root in self._main.roots:
            return self._main
        for conversation in self._agents.values():
            if root in conversation.roots:
                return conversation
        if self._started_by(asked) is not None:
            return self._agent(f"agent-{len(self._agents) + 1}", None, asked)
        beside = self._main_tools and not asked.tools and asked.news.messages <= 3
        return None if beside else self._main

    def _agent(self, name: str, parent: str | None, asked: Asked) -> _Conversation:
        found = self._agents.get(name)
        if found is None:
            started = self._started_by(asked)
            call = None
            if started is not None:
                self._calls.remove(started)
                parent, call = started[0].agent, started[1]
            above = self._agents.get(parent or "")
            depth = above.depth + 1 if above is not None else 1
            found = self._agents[name] = _Conversation(name, parent, depth, call)
        return found

    def _started_by(self, asked: Asked) -> tuple[_Conversation, ToolCall] | None:
        """The call, not answered for yet, that told an agent what this conversation begins with."""
        wanted = _words(asked.root)
        for started in self._calls:
            if wanted and _words(started[1].prompt)[: len(wanted)] == wanted:
                return started
        return None

    def _add_step(self, exchange: Exchange, conversation: _Conversation) -> None:
        row, asked, said = exchange.row, exchange.asked, exchange.said
        repeated = conversation.last == asked.news and asked.news != News()
        first = conversation.last is None
        label = _label(asked, conversation)
        news = _only_new(asked.news, conversation, label)
        main = conversation is self._main
        speaks = main and bool(news.texts) and not repeated and not asked.asks_summary
        turn = self._turn(row, conversation, speaks=speaks)
        if main and not turn.user and not repeated and not asked.asks_summary:
            turn.user = clip("\n".join(news.texts))
            turn.attachments = news.attachments
        turn.steps.append(
            Step(
                request=row,
                agent=conversation.agent,
                depth=conversation.depth,
                repeated=repeated,
                prompt="" if main or not first else clip("\n".join(news.texts)),
                results=() if repeated else news.results,
                text=said.text,
                calls=said.calls,
                thinking=said.thinking,
                label=label,
            )
        )
        self._remember(exchange, conversation, turn)

    def _remember(self, exchange: Exchange, conversation: _Conversation, turn: _Turn) -> None:
        asked, said = exchange.asked, exchange.said
        if asked.readable:
            conversation.last, conversation.texts = asked.news, asked.news.texts
            conversation.results |= {result.call_id for result in asked.news.results}
            conversation.roots.add(asked.root)
        if asked.asks_summary and said.text:
            conversation.summary = said.text
        conversation.turn = conversation.turn or turn
        self._calls += [(conversation, call) for call in said.calls if call.prompt]

    def _turn(self, row: RequestRow, conversation: _Conversation, *, speaks: bool) -> _Turn:
        if conversation is not self._main and conversation.turn is not None:
            return conversation.turn
        if row.prompt_id is not None:
            turn = self._named.get(row.prompt_id)
            if turn is None:
                turn = self._named[row.prompt_id] = self._begin(row)
            return turn
        return self._begin(row) if speaks else self._current(row)

    def _current(self, row: RequestRow) -> _Turn:
        return self._turns[-1] if self._turns else self._begin(row)

    def _begin(self, row: RequestRow) -> _Turn:
        runs_once = (row.user_agent or "").endswith(_ONE_TURN_A_RUN)
        spoken = any(turn.spoken for turn in self._turns)
        paused = self._until and row.at - self._until > _PAUSE_S
        self._turns.append(_Turn(row.at, continued=bool(spoken and (runs_once or paused))))
        return self._turns[-1]

    def _finished(self, turn: _Turn) -> Turn:
        return Turn(
            at=turn.at,
            user=turn.user,
            attachments=turn.attachments,
            continued=turn.continued,
            steps=tuple(turn.steps),
            agents=tuple(self._finished_agents(turn.steps)),
            side=tuple(SideRequests(kind, tuple(rows)) for kind, rows in turn.side.items()),
        )

    def _finished_agents(self, steps: Sequence[Step]) -> Iterable[Agent]:
        for name in dict.fromkeys(step.agent for step in steps if step.agent is not None):
            known = self._agents[name]
            yield Agent(
                id=name,
                parent=known.parent,
                call_id=known.call.id if known.call is not None else None,
                name=known.call.about if known.call is not None else "",
                steps=tuple(step for step in steps if step.agent == name),
            )


def _merge(into: _Turn, other: _Turn) -> None:
    into.at = min(into.at, other.at)
    into.steps = sorted([*into.steps, *other.steps], key=lambda step: step.request.at)
    for kind, rows in other.side.items():
        into.side.setdefault(kind, []).extend(rows)
    into.side = dict(sorted(into.side.items(), key=lambda side: side[1][0].at))


def _label(asked: Asked, conversation: _Conversation) -> Label | None:
    if not asked.readable:
        return "unreadable"
    if asked.asks_summary:
        return "compaction"
    if conversation.last is None or asked.root in conversation.roots or not asked.root:
        return "compacted" if asked.begins_with_summary and conversation.last is None else None
    if asked.begins_with_summary or _holds(asked.root, conversation.summary):
        return "compacted"
    return "new conversation"


def _holds(text: str, summary: str) -> bool:
    """Is the beginning of a conversation made of this summary?"""
    middle = summary[len(summary) // 3 :][:_SHORTEST_SUMMARY]
    return len(middle) >= _SHORTEST_SUMMARY // 2 and middle in text


def _only_new(news: News, conversation: _Conversation, label: Label | None) -> News:
    """Without what an earlier request brought: a client that goes on with a session may send its
    last results and words again, joined with the new ones."""
    texts, results = list(news.texts), list(news.results)
    if label == "compacted":
        texts = [t for t in texts if not is_summary(t) and t.split()[:1] != ["/compact"]]
    if any(result.call_id in conversation.results for result in results) or (
        label == "compaction" and len(texts) > 1
    ):
        results = [r for r in results if r.call_id not in conversation.results]
        known = Counter(conversation.texts)
        texts = [text for text in texts if not _take(known, text)]
    texts = [text for text in texts if text != _RESUMED]
    return structs.replace(news, texts=tuple(texts), results=tuple(results))


def _take(known: Counter[str], text: str) -> bool:
    found = known[text] > 0
    known[text] -= found
    return found


def _words(text: str) -> str:
    return " ".join(text.split())
