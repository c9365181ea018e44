from axonhub_cli.tracing.picking import pick_requests, pick_traces


def test_what_is_not_asked_for_is_no_condition() -> None:
    assert str(pick_traces()) == str(pick_requests()) == ""


def test_a_condition_has_as_many_values_as_places() -> None:
    for found in (
        pick_traces(since=1.0, client="c", model="m", channel="c", status="failed", thread="t"),
        pick_traces(status="completed", min_cost=0.0),
        pick_requests(trace="t", model="m", channel="c", status="failed", source="api"),
    ):
        assert str(found).count("?") == len(found.values)
        assert str(found).startswith("WHERE ")
