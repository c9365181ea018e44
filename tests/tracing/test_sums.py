from axonhub_cli.tracing.sums import Sums, nothing, sums_of, total


def sums(name: str = "x", **changes: int) -> Sums:
    counts = {"requests": 1, "unpriced": 0, "input": 10, "cache_read": 80, "cache_write": 10}
    rest = {"failed": 0, "output": 5, "reasoning": 0, "cost_pico": 250_000_000_000}
    return Sums(name=name, **(counts | rest | changes))


def test_a_total_adds_up_every_row() -> None:
    whole = total([sums(), sums("y", cost_pico=1), sums("z", unpriced=1)])
    assert (whole.requests, whole.unpriced, whole.sent, whole.cost_pico) == (
        *(3, 1, 300),
        500_000_000_001,
    )


def test_what_was_not_used_costs_nothing_and_hits_nothing() -> None:
    none = nothing("k")
    assert (none.name, none.usd, none.hit_rate, none.sent) == ("k", 0.0, None, 0)


def test_a_cost_of_which_nothing_is_known_is_not_zero() -> None:
    assert sums(unpriced=1, cost_pico=0).usd is None
    assert sums(unpriced=1).usd == 0.25
    assert sums_of("a", 1, 0, 0, 1, 0, 0, 1, 0, 0).usd == 0.0


def test_only_a_trace_has_a_title_and_a_mark() -> None:
    assert {"title", "low_hit"} <= sums().as_json("trace").keys()
    assert not {"title", "low_hit"} & sums().as_json("day").keys()
