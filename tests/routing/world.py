"""A world for simulations: a clock that is set, channels that work or not, and requests to them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from axonhub_cli.config.schema import Channel, Config, Profile, Routing, Strategy
from axonhub_cli.routing.balance import Sources
from axonhub_cli.routing.decision import Decision, Question, decide, take_turn
from axonhub_cli.routing.pools import Pools
from axonhub_cli.routing.state import RoutingState

NOW = 1_000_000.0
MODEL = "claude"


def channel(name: str, **fields: Any) -> Channel:
    more = {"type": "anthropic-compatible", "base_url": "http://127.0.0.1:1", "models": (MODEL,)}
    return Channel(name=name, **(more | fields))


def chat_channel(name: str, **fields: Any) -> Channel:
    """One that needs conversion."""
    return channel(name, type="openai-compatible", **fields)


class World:
    """Channels, a clock, and what became of each request."""

    def __init__(
        self,
        *channels: Channel,
        strategy: Strategy = "adaptive",
        profile: Profile | None = None,
        sources: Sources = Sources(),
        affinity: bool = True,
    ) -> None:
        routing = Routing(strategy=strategy, affinity=affinity)
        self.pools = Pools(Config(channels=channels, routing=routing))
        self.profile = profile
        self.sources = sources
        self.state = RoutingState()
        self.now = NOW
        self.down: set[str] = set()
        self.speed_ms: dict[str, float] = {}
        self.asked: Counter[str] = Counter()
        """How many attempts each channel got."""
        self._requests = 0

    def decide(self, session: str | None = None) -> Decision:
        self._requests += 1
        question = Question(
            MODEL,
            "anthropic",
            f"request-{self._requests}",
            self.profile,
            session,
            ("openai_chat",),
        )
        return decide(question, self.pools, self.state, self.now, self.sources)

    def order(self, session: str | None = None) -> str:
        """The names of the channels as they would be tried."""
        return "".join(row.channel for row in self.decide(session).ranking.rows)

    def ask(self, session: str | None = None) -> str | None:
        """One request: who answers it, and None when nobody does."""
        decision = self.decide(session)
        take_turn(decision, self.state, self.profile)
        for row in decision.ranking.rows:
            self.asked[row.channel] += 1
            with self.state.health.begin(row.channel, MODEL, self.now) as visit:
                if row.channel in self.down:
                    visit.failed(self.now, cause="HTTP 500")
                    continue
                visit.answered(self.now, self.speed_ms.get(row.channel))
                visit.completed()
                decision.answered(self.state, row.channel, self.now)
                return row.channel
        return None

    def fail(self, name: str, asked: float | None = 60.0) -> None:
        """A failure of a channel that opens its breaker."""
        with self.state.health.begin(name, MODEL, self.now) as visit:
            visit.failed(self.now, says_enough=True, asked=asked, cause="HTTP 529")
