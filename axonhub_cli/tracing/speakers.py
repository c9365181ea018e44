"""Whose request each of a trace's is: a conversation of the user, or a subagent's.

Clients that name their subagents are believed. Else a request belongs to the conversation that
begins with the same words of the user; of several, or of none (a client may leave out what is
oldest), to the one whose last answer or whose tool calls it repeats. A conversation that begins
with what a tool call tells a subagent is that subagent's; one that begins with a summary goes on
with what was summed up; any other is a new one beside those that there are.
"""

from __future__ import annotations

from msgspec import Struct, field

from axonhub_cli.tracing.asked import Asked, News, Reply, reply_text
from axonhub_cli.tracing.beside import AGENTS, is_beside
from axonhub_cli.tracing.conversation import ToolCall
from axonhub_cli.tracing.exchanges import Exchange

_SHORTEST_SUMMARY = 80
_SHORTEST_TOLD, _TOLD = 20, 100
"""Letters of what a subagent is told that are looked for within other words."""
_SMALL = 3
"""Messages of a request beside an agent's conversation, at most."""


class Conversation(Struct, eq=False):
    """One agent's so far. `agent`: None for those of the user; `number` counts these from 1."""

    agent: str | None
    number: int = 0
    parent: Conversation | None = None
    """The conversation that started the agent, when that is known."""
    parent_agent: str | None = None
    """The agent that started it; None: the main one."""
    depth: int = 0
    call: ToolCall | None = None
    """The call that started it."""
    roots: set[str] = field(default_factory=set)
    last: News | None = None
    frame: bytes = b""
    reply: Reply | None = None
    """Of the last request: see `Asked.reply`."""
    said: str = ""
    """The beginning of the last answer."""
    calls: set[str] = field(default_factory=set)
    results: set[str] = field(default_factory=set)
    """Ids of the calls that it wants made, and of those that it knows the results of."""
    summary: str = ""
    failed: bool = False
    """The last request got no whole answer."""

    def goes_on_in(self, asked: Asked) -> bool:
        """Does the request repeat the last answer, or bring the result of a call?"""
        reply = asked.reply
        if reply is not None and reply.text and reply.text == self.said:
            return True
        known = reply.calls if reply is not None else ()
        return any(name in self.calls for name in known) or any(
            result.call_id in self.calls for result in asked.news.results
        )

    def remember(self, exchange: Exchange) -> None:
        """To be called with each of its requests, after whatever is asked of it."""
        asked, said = exchange.asked, exchange.said
        if asked.readable:
            self.last, self.reply, self.frame = asked.news, asked.reply, asked.frame
            self.results |= {result.call_id for result in asked.news.results if result.call_id}
            if asked.root:
                self.roots.add(asked.root)
        self.said = reply_text([said.text])
        self.calls |= {call.id for call in said.calls if call.id}
        self.failed = exchange.row.status != "completed"
        if asked.asks_summary and said.text:
            self.summary = said.text


class Speakers:
    """Finds the conversation of each request, which come oldest first."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        of_user = [e for e in exchanges if e.row.agent_id is None and not e.asked.side]
        self._roots = {e.asked.root for e in of_user if e.asked.root}
        # A small request without tools is beside the conversation of an agent that has some.
        self._has_tools = any(e.asked.tools for e in of_user)
        self._agents: dict[str, Conversation] = {}
        self._recent: list[Conversation] = []
        self._users = 0
        self._calls: list[tuple[Conversation, ToolCall]] = []

    def find(self, exchange: Exchange) -> Conversation | None:
        """Whose request it is; None: it is beside the conversation."""
        found = self._find(exchange)
        # Where a client names its agents, no other request is theirs.
        if found is not None and exchange.row.agent_id is None:
            if found in self._recent:
                self._recent.remove(found)
            self._recent.append(found)
        return found

    def remember(self, exchange: Exchange, conversation: Conversation) -> None:
        conversation.remember(exchange)
        self._calls += [(conversation, call) for call in exchange.said.calls if call.prompt]

    def told_by(self, words: str) -> tuple[Conversation, ToolCall] | None:
        """The call, not acted on yet, that tells an agent these words; each is found once."""
        wanted = _words(words)
        for started in self._calls:
            told = _words(started[1].prompt)
            begins = told[: len(wanted)] == wanted
            # A client may put words of its own before them.
            within = len(told) >= _SHORTEST_TOLD and told[:_TOLD] in wanted
            if wanted and (begins or within):
                self._calls.remove(started)
                return started
        return None

    def _find(self, exchange: Exchange) -> Conversation | None:
        row, asked = exchange.row, exchange.asked
        if asked.side is not None and self._is_beside(exchange):
            return None
        if row.agent_id is not None:
            known = self._agents.get(row.agent_id)
            return known or self._named_agent(row.agent_id, row.parent_agent_id, asked)
        if (known := self._known(asked, row.client)) is not None:
            return known
        started = self.told_by(asked.root)
        if started is not None:
            number = len(self._agents) + 1
            while f"agent-{number}" in self._agents:
                number += 1
            return self._started(f"agent-{number}", *started)
        if (summed_up := self._summed_up(asked)) is not None:
            return summed_up
        small = asked.news.messages <= _SMALL and not asked.tools and bool(asked.root)
        if self._has_tools and small and row.client in AGENTS:
            return None
        self._users += 1
        return Conversation(None, self._users)

    def _is_beside(self, exchange: Exchange) -> bool:
        row, asked = exchange.row, exchange.asked
        assert asked.side is not None
        other = bool(self._roots - {asked.root})
        return is_beside(asked.side, row.client, row.request_class, other_conversation=other)

    def _known(self, asked: Asked, client: str | None) -> Conversation | None:
        """The conversation that the request goes on with; the latest of several."""
        latest = self._recent[::-1]
        same = [c for c in latest if asked.root in c.roots]
        if same:
            # The system prompt of a coding agent may differ from request to request.
            framed = [c for c in same if c.frame == asked.frame or client in AGENTS]
            begins = asked.reply is None and asked.readable
            if begins and (not framed or self._starts_another(same, asked)):
                return None
            return next((c for c in same if c.goes_on_in(asked)), (framed or same)[0])
        if asked.begins_with_summary:
            return None
        repeated = next((c for c in latest if c.goes_on_in(asked)), None)
        if repeated is None and (not asked.root or asked.asks_summary):
            return next((c for c in latest if c.agent is None), None)
        return repeated

    def _starts_another(self, same: list[Conversation], asked: Asked) -> bool:
        """Does it begin what one more call started with the same words? A retry does not."""
        if any(c.failed and c.reply is None for c in same):
            return False
        wanted = _words(asked.root)
        return any(_words(call.prompt)[: len(wanted)] == wanted for _, call in self._calls)

    def _summed_up(self, asked: Asked) -> Conversation | None:
        for known in reversed(self._recent):
            if holds_summary(asked.root, known.summary):
                return known
        if asked.begins_with_summary:
            return next((c for c in reversed(self._recent) if c.agent is None), None)
        return None

    def _named_agent(self, name: str, parent: str | None, asked: Asked) -> Conversation:
        started = self.told_by(asked.root)
        if started is not None:
            return self._started(name, *started)
        above = self._agents.get(parent or "")
        depth = above.depth + 1 if above is not None else 1
        made = self._agents[name] = Conversation(name, 0, above, parent, depth)
        return made

    def _started(self, name: str, above: Conversation, call: ToolCall) -> Conversation:
        made = Conversation(name, 0, above, above.agent, above.depth + 1, call)
        self._agents[name] = made
        return made


def holds_summary(text: str, summary: str) -> bool:
    """Is the beginning of a conversation made of this summary?"""
    middle = summary[len(summary) // 3 :][:_SHORTEST_SUMMARY]
    return len(middle) >= _SHORTEST_SUMMARY // 2 and middle in text


def _words(text: str) -> str:
    return " ".join(text.split())
