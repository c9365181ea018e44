import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.tracing.identity import TraceIdentity, find_client, find_trace, session_of

SESSION = "256523fe-a4f3-45df-954d-4ce2220ffb9a"
ACCOUNT = "0f0f0f0f-1111-4222-8333-444444444444"
LEGACY = f"user_{'ab' * 32}_account__session_{SESSION}"
WITH_ACCOUNT = f"user_{'ab' * 32}_account_{ACCOUNT}_session_{SESSION}"
CURRENT = json.dumps({"device_id": "d0" * 32, "account_uuid": "", "session_id": SESSION})
OTHER_NAMES = json.dumps({"client_id_hex": "d0", "account_uuid": "", "session_uuid": SESSION})

DEFAULTS = TraceSettings()


@pytest.mark.parametrize("user_id", [LEGACY, WITH_ACCOUNT, CURRENT, OTHER_NAMES, f" {CURRENT}"])
def test_every_shape_of_a_claude_code_user_id_names_its_session(user_id: str) -> None:
    assert session_of(user_id) == SESSION


@pytest.mark.parametrize(
    "user_id",
    ["", "user_bench", "{", "{}", "[1]", '{"session_id": 7}', LEGACY[:-1], f"{LEGACY}x", "null"],
)
def test_any_other_user_id_names_no_session(user_id: str) -> None:
    assert session_of(user_id) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ah-trace-id": "mine", "x-claude-code-session-id": SESSION}, TraceIdentity("mine")),
        (
            {"x-claude-code-session-id": SESSION},
            TraceIdentity(SESSION),
        ),
        (
            {"x-session-affinity": "ses_1", "x-session-id": "ses_1"},
            TraceIdentity("ses_1"),
        ),
        ({"session-id": "01a2", "thread-id": "01a3"}, TraceIdentity("01a2")),
        ({"session_id": "01a2"}, TraceIdentity("01a2")),
        (
            {"x-codex-turn-metadata": '{"session_id": "01a2"}'},
            TraceIdentity("01a2"),
        ),
        ({"ah-thread-id": "t"}, TraceIdentity(None, "t")),
        ({"traceparent": "00-abc-def-01"}, TraceIdentity()),
        ({}, TraceIdentity()),
    ],
)
def test_headers_name_the_trace(headers: Mapping[str, str], expected: TraceIdentity) -> None:
    assert find_trace(headers, None, DEFAULTS) == expected


def test_the_body_names_the_trace_when_no_header_does() -> None:
    assert find_trace({}, CURRENT, DEFAULTS).trace_id == SESSION
    assert find_trace({"x-claude-code-session-id": "h"}, CURRENT, DEFAULTS).trace_id == "h"


def test_header_names_are_settings() -> None:
    settings = TraceSettings(
        trace_header="X-Trace", thread_header="X-Thread", extra_trace_headers=("X-Run", "X-Job")
    )
    headers = {"x-job": "job", "x-thread": "thread", "ah-trace-id": "no longer"}
    assert find_trace(headers, CURRENT, settings) == TraceIdentity("job", "thread")
    assert find_trace(headers | {"x-run": "run"}, None, settings).trace_id == "run"
    assert find_trace(headers | {"x-trace": "trace"}, None, settings).trace_id == "trace"


def test_a_client_switched_off_names_nothing() -> None:
    settings = TraceSettings(claude_code_trace_enabled=False, codex_trace_enabled=False)
    headers = {"x-claude-code-session-id": SESSION, "session-id": "01a2"}
    assert find_trace(headers, CURRENT, settings) == TraceIdentity()


def test_ids_are_printable_and_short() -> None:
    identity = find_trace({"ah-trace-id": "a\r\nb\x1b[31m\u2028 " + "x" * 500}, None, DEFAULTS)
    assert identity.trace_id == ("ab[31m " + "x" * 500)[:200]
    blank = find_trace({"ah-trace-id": " \t "}, CURRENT, DEFAULTS)
    assert blank.trace_id == SESSION


@given(st.text(max_size=400), st.text(max_size=400))
def test_no_header_and_no_user_id_breaks_it(header: str, user_id: str) -> None:
    headers = {"ah-trace-id": header, "x-codex-turn-metadata": user_id}
    trace_id = find_trace(headers, user_id, DEFAULTS).trace_id
    assert trace_id is None or (trace_id.isascii() and trace_id.isprintable())


@pytest.mark.parametrize(
    ("user_agent", "client"),
    [
        ("claude-cli/2.1.330 (external, sdk-cli)", "claude-code"),
        ("codex_exec/0.169.0 (Debian 12.0.0; x86_64)", "codex"),
        ("opencode/1.18.33 ai-sdk/provider-utils/4.0.46", "opencode"),
        ("Anthropic/Python 2.12.0", "anthropic-sdk"),
        ("AsyncAnthropic/Python 2.12.0", "anthropic-sdk"),
        ("curl/8.5.0", "unknown"),
        (None, "unknown"),
    ],
)
def test_the_user_agent_names_the_client(user_agent: str | None, client: str) -> None:
    assert find_client(user_agent) == client
