"""What follows a failed attempt, as tables."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from axonhub_cli.config.schema import Channel
from axonhub_cli.errors import (
    ChannelBusy,
    UpstreamError,
    UpstreamGarbled,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from axonhub_cli.routing import policy
from axonhub_cli.routing.policy import ROWS, Fault, Kind, Pace, State, Step, classify, decide

PACE = Pace(retries=2, delay=0.5)
SOME = State(channels=1)
PLAIN = Channel(name="a", type="echo")


def status(number: int, body: str = "{}") -> UpstreamStatus:
    return UpstreamStatus(number, [], body.encode(), message=f"it answered {number}")


def step(kind: str, state: State = SOME, draw: float = 0.5, pace: Pace = PACE) -> Step:
    return decide(ROWS[kind], state, pace, draw)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UpstreamUnreachable("refused"), "connection"),
        (UpstreamTimeout("no connection", stage="connect"), "connection"),
        (UpstreamUnreachable("gone", dropped=True), "dropped"),
        (UpstreamUnreachable("cut", inside=True), "broken"),
        (UpstreamGarbled("half", what="broken"), "broken"),
        (UpstreamTimeout("silent", stage="first_event"), "first_token_timeout"),
        (UpstreamTimeout("silent"), "timeout"),
        (UpstreamGarbled("nothing", what="empty"), "empty"),
        (UpstreamGarbled("a web page"), "garbled"),
        (ChannelBusy("no place"), "busy"),
        (UpstreamError("?"), "garbled"),
        *[(status(n), str(n)) for n in (401, 402, 403, 404, 408, 409, 413, 429, 501, 503, 529)],
        *[(status(n, '{"error": {"code": "insufficient_quota"}}'), "402") for n in (400, 402, 429)],
        (status(400, '{"error": {"message": "Your credit balance is too low"}}'), "402"),
        *[(status(n), "5xx") for n in (500, 502, 504, 520, 599)],
        *[(status(n), "request") for n in (400, 405, 415, 418, 422)],
        *[(status(n, '"prompt is too long"'), "prompt_too_long") for n in (400, 413, 422)],
    ],
)
def test_failures_are_told_apart(error: UpstreamError, kind: str) -> None:
    assert classify(error).kind == kind


def test_a_429_that_says_when_it_ends_is_a_kind_of_its_own() -> None:
    assert classify(status(429), retry_after=3.0) == Fault("429_retry_after", 429)


def test_every_kind_has_its_row_and_every_row_its_kind() -> None:
    assert list(ROWS) == list(get_args(Kind))


@pytest.mark.parametrize(
    "kind",
    ["connection", "timeout", "first_token_timeout", "401", "402", "403", "404", "429"]
    + ["429_retry_after", "501", "503", "529", "garbled", "busy", "unsupported"],
)
def test_what_another_channel_may_do_better_moves_on_at_once(kind: str) -> None:
    assert step(kind).action == "next"
    assert step(kind, State(channels=0)).action == "give_up"


@pytest.mark.parametrize("kind", ["broken", "408", "409", "5xx", "empty"])
def test_what_may_pass_is_tried_again_before_it_moves_on(kind: str) -> None:
    found = [step(kind, State(channels=1, repeats=n)) for n in range(3)]
    assert [(s.action, s.delay) for s in found] == [("same", 0.5), ("same", 1.0), ("next", 0.0)]


def test_a_dropped_connection_is_tried_again_at_once_and_once_only() -> None:
    assert step("dropped", State()) == Step("same", "the same channel again", 0.0)
    assert step("dropped", State(repeats=1, channels=1)).action == "next"


@pytest.mark.parametrize("kind", ["413", "prompt_too_long", "request"])
def test_what_the_request_is_to_blame_for_is_told_at_once(kind: str) -> None:
    assert step(kind).action == "give_up"


def test_a_prompt_that_is_too_long_is_for_larger_ones_unless_a_policy_says_otherwise() -> None:
    assert step("prompt_too_long").larger
    assert not step("413").larger
    channel = Channel(name="a", type="echo", policy={"prompt_too_long": "give_up"})
    row = policy.row_of(Fault("prompt_too_long", 400), channel)
    assert not decide(row, SOME, PACE, 0.5).larger


def test_a_refused_signature_gets_one_more_try_and_then_the_client_is_told() -> None:
    assert step("signature").action == "same"
    assert step("signature", State(repeats=1, channels=1)).action == "give_up"


@pytest.mark.parametrize("kind", ["401", "402", "403", "429", "429_retry_after"])
def test_another_token_of_the_channel_comes_first_where_the_token_is_to_blame(kind: str) -> None:
    assert step(kind, State(tokens=1, channels=1)).action == "token"
    assert step(kind, State(tokens=1)).action == "token"
    assert step(kind, State(tokens=0, channels=1)).action == "next"


def test_another_token_does_not_mend_an_overloaded_channel() -> None:
    assert step("529", State(tokens=3, channels=1)).action == "next"


@pytest.mark.parametrize(("draw", "delay"), [(0.0, 0.375), (0.5, 0.5), (1.0, 0.625)])
def test_delays_differ_by_up_to_a_quarter(draw: float, delay: float) -> None:
    assert step("5xx", draw=draw).delay == delay


def test_no_delay_is_longer_than_the_longest() -> None:
    found = step("5xx", State(repeats=20, channels=1), pace=Pace(retries=30))
    assert (found.action, found.delay) == ("same", policy.LONGEST_WAIT_S)


def test_the_same_channel_is_not_asked_before_it_asked_to_be() -> None:
    assert step("5xx", State(retry_after=4.0, channels=1)).delay == 4.0
    assert step("5xx", State(retry_after=60.0, channels=1)).action == "next"


def test_the_same_channel_is_not_asked_when_it_says_that_is_of_no_use() -> None:
    assert step("5xx", State(may_repeat=False, channels=1)).action == "next"


def test_no_wait_runs_past_the_budget() -> None:
    assert step("5xx", State(left_s=0.5, channels=1)).action == "next"
    assert step("5xx", State(left_s=0.51, channels=1)).action == "same"


def test_nothing_begins_after_the_budget() -> None:
    over = State(left_s=0.0, channels=3, tokens=3)
    assert {step(kind, over).action for kind in ROWS} == {"give_up"}


@pytest.mark.parametrize(
    ("rules", "fault", "action"),
    [
        ({"529": "give_up"}, Fault("529", 529), "give_up"),
        ({"503": "same"}, Fault("503", 503), "same"),
        ({"502": "next"}, Fault("5xx", 502), "next"),
        ({"5xx": "give_up"}, Fault("5xx", 502), "give_up"),
        ({"5xx": "give_up", "502": "next"}, Fault("5xx", 502), "next"),
        ({"422": "next"}, Fault("request", 422), "next"),
        ({"400": "next"}, Fault("prompt_too_long", 400), "next"),
        ({"400": "next", "prompt_too_long": "give_up"}, Fault("prompt_too_long", 400), "give_up"),
        ({"429": "give_up"}, Fault("429_retry_after", 429), "give_up"),
        ({"timeout": "same"}, Fault("timeout"), "same"),
        ({"timeout": "same"}, Fault("first_token_timeout"), "next"),
    ],
)
def test_a_channels_own_policy_counts_and_the_more_precise_name_wins(
    rules: dict[str, policy.Action], fault: Fault, action: str
) -> None:
    channel = Channel(name="a", type="echo", policy=rules)
    assert policy.row_of(fault, channel).action == action


def test_a_repetition_that_was_asked_for_follows_the_channels_retries() -> None:
    channel = Channel(name="a", type="echo", policy={"529": "same"})
    row = policy.row_of(Fault("529", 529), channel)
    found = [decide(row, State(repeats=n, channels=1), PACE, 0.5).action for n in range(3)]
    assert found == ["same", "same", "next"]


def test_who_gives_up_does_not_try_another_token() -> None:
    channel = Channel(name="a", type="echo", policy={"429": "give_up"})
    row = policy.row_of(Fault("429", 429), channel)
    assert decide(row, State(tokens=2, channels=2), PACE, 0.5).action == "give_up"


def test_the_readme_names_every_kind() -> None:
    said = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert [kind for kind in ROWS if f"`{kind}`" not in said and f"`{kind}`:" not in said] == []


@pytest.mark.parametrize(
    ("name", "known"),
    [("529", True), ("400", True), ("599", True), ("timeout", True), ("5xx", True)]
    + [("399", False), ("600", False), ("timeouts", False), ("", False), ("٤٢٩", False)],
)
def test_a_policy_names_kinds_and_statuses(name: str, known: bool) -> None:
    assert policy.is_key(name) is known


def test_the_table_as_data_has_every_row_and_what_the_channel_changes() -> None:
    plain = policy.policy_table(None, Pace(retries=1, delay=0.5))
    assert [row["kind"] for row in plain] == list(ROWS)
    assert not any(row["own"] for row in plain)
    rules: dict[str, policy.Action] = {"429": "give_up", "502": "next", "dropped": "same"}
    own = policy.policy_table(Channel(name="a", type="echo", policy=rules), PACE)
    changed = {row["kind"]: row for row in own if row["own"]}
    assert list(changed) == ["dropped", "429", "429_retry_after", "502"]
    assert changed["502"]["then"] == "next"
    assert changed["429_retry_after"]["then"] == "give_up"
    assert not changed["429_retry_after"]["other_token"]


def test_the_table_says_how_often_the_same_channel_is_asked_and_what_comes_then() -> None:
    rows = {row["kind"]: row for row in policy.policy_table(PLAIN, PACE)}
    assert (rows["5xx"]["repeats"], rows["5xx"]["delay_s"], rows["5xx"]["then"]) == (2, 0.5, "next")
    assert (rows["dropped"]["repeats"], rows["dropped"]["delay_s"]) == (1, 0.0)
    assert (rows["529"]["repeats"], rows["529"]["then"]) == (0, "next")
    assert (rows["401"]["token_aside"], rows["401"]["client"]) == (True, "502")
