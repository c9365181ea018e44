from axonhub_cli.tracing.rows import Tokens, TraceRow
from axonhub_cli.tracing.session import Agent, SessionView, Step, Turn, sum_cost, sum_tokens
from tests.tracing.requests import NOON, row


def step(at: float, **changes: object) -> Step:
    return Step(
        request=row(at=NOON + at, **changes),
        agent="a",
        depth=1,
        repeated=False,
        prompt="",
        results=(),
        text="",
        calls=(),
        thinking=False,
    )


def agent(name: str, *steps: Step) -> Agent:
    return Agent(id=name, parent=None, call_id=None, name="", steps=steps)


def test_agents_that_ran_at_once_say_so() -> None:
    first = agent("a", step(0, total_ms=2000))
    second = agent("b", step(1, total_ms=500))
    later = agent("c", step(3, total_ms=500))
    assert first.as_json((first, second, later))["parallel_with"] == ["b"]
    assert later.as_json((first, second, later))["parallel_with"] == []
    assert (first.began, first.ended) == (NOON, NOON + 2)


def test_of_what_a_subagent_cost_the_unknown_parts_are_counted() -> None:
    told = agent("a", step(0, cost_usd=0.5), step(1, cost_usd=0.25, unpriced=1)).as_json(())
    assert (told["cost_usd"], told["unpriced"]) == (0.75, 1)


def test_a_sum_counts_what_is_known() -> None:
    rows = [row(tokens=Tokens(1, 2), cost_usd=0.5), row(tokens=Tokens(3), cost_usd=None)]
    found = sum_tokens(iter(rows))
    assert (found.input, found.cache_read, found.output) == (4, 2, 0)
    assert sum_cost(iter(rows)) == 0.5
    assert sum_cost(iter(rows[1:])) is None


def test_a_turn_says_from_which_it_goes_on_where_others_are_between() -> None:
    turns = [
        Turn(
            at=NOON + at,
            user="",
            attachments=0,
            continued=False,
            conversation=number,
            steps=(),
            agents=(),
            side=(),
        )
        for at, number in enumerate((1, 1, 2, 1, 2))
    ]
    trace = TraceRow(**dict.fromkeys(TraceRow.__struct_fields__))
    found = SessionView(trace, tuple(turns)).numbered()
    assert [(number, before) for number, _, before in found] == [
        (1, None),
        (2, None),
        (3, None),
        (4, 2),
        (5, 3),
    ]
