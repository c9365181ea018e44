"""What deciding on a request costs: mapping, candidates, scores and order.

    python decision.py [ROUNDS]

`cold` is the first request for a model after a configuration was loaded, `warm` every later one.
Every candidate has a latency, every request a session of its own. Figures are microseconds of this
machine; the bound that is held is 1,000 for the large configuration.
"""

from __future__ import annotations

import statistics
import sys
import time

from axonhub_cli.config.schema import Channel, Config, Mapping, Profile
from axonhub_cli.routing.decision import Decision, Question, decide
from axonhub_cli.routing.pools import Pools
from axonhub_cli.routing.state import RoutingState

NOW = 1_800_000_000.0
BOUND_US = 1_000.0
MODELS = 50


def configuration(channels: int, rules: int, serving: int) -> Config:
    """Of `channels` channels with 50 models each, `serving` serve any one model."""
    groups = max(channels // serving, 1)
    return Config(
        channels=tuple(
            Channel(
                f"channel-{number}",
                "anthropic-compatible",
                base_url="http://127.0.0.1:1",
                models=tuple(f"model-{number % groups}-{model}" for model in range(MODELS)),
                weight=1 + number % 100,
            )
            for number in range(channels)
        ),
        profiles=(
            Profile(
                "default",
                mappings=tuple(
                    Mapping(f"claude-{rule}-.*", f"model-{rule % groups}-{rule % MODELS}")
                    for rule in range(rules)
                ),
            ),
        ),
    )


def measure(config: Config, rounds: int) -> tuple[list[float], list[float]]:
    profile = config.profiles[0]
    rules = len(profile.mappings)
    state, cold, warm = RoutingState(), list[float](), list[float]()
    for channel in config.channels:
        for model in channel.models or ():
            if len(state.health) < 1000:
                with state.health.begin(channel.name, model, NOW) as visit:
                    visit.answered(NOW, 100.0 + len(channel.name))
    for _ in range(max(rounds // 50, 1)):
        pools = Pools(config)
        for number in range(rules):
            cold.append(_time(number, profile, pools, state)[0])
        for number in range(rules):
            warm.append(_time(number, profile, pools, state)[0])
    return cold, warm


def _time(
    number: int, profile: Profile, pools: Pools, state: RoutingState
) -> tuple[float, Decision]:
    question = Question(
        f"claude-{number}-x", "anthropic", f"request-{number}", profile, f"session-{number}"
    )
    begun = time.perf_counter()
    decision = decide(question, pools, state, NOW)
    spent = (time.perf_counter() - begun) * 1e6
    assert decision.ranking.rows, "nobody serves it"
    return spent, decision


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print("channels  models  rules  candidates      cold      warm   worst 1 % (warm)   record")
    for channels, rules, serving in ((1, 1, 1), (3, 3, 3), (200, 100, 4), (200, 100, 200)):
        config = configuration(channels, rules, serving)
        cold, warm = measure(config, rounds)
        _, decision = _time(0, config.profiles[0], Pools(config), RoutingState())
        begun = time.perf_counter()
        for _ in range(20):
            decision.as_json()
        record = (time.perf_counter() - begun) / 20 * 1e6
        late = statistics.quantiles(warm, n=100)[98] if len(warm) > 1 else warm[0]
        middle = statistics.median(warm)
        held = "" if middle < BOUND_US else "   over the bound"
        print(
            f"{channels:8}  {MODELS:6}  {rules:5}  {len(decision.ranking.rows):10}"
            f"  {statistics.median(cold):8.1f}  {middle:8.1f}  {late:17.1f}  {record:7.1f}{held}"
        )


if __name__ == "__main__":
    main()
