import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import TraceSettings
from axonhub_cli.tracing.identity import (
    TraceIdentity,
    find_client,
    find_in_body,
    find_trace,
    session_of,
)
from axonhub_cli.tracing.roots import Roots
from tests.tracing.records import captured

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
        ({"session-id": "01a2", "thread-id": "01a2"}, TraceIdentity("01a2")),
        (
            {"session-id": "01a2", "thread-id": "01a3", "x-codex-parent-thread-id": "01a2"},
            TraceIdentity("01a2", agent_id="01a3"),
        ),
        (
            {"session-id": "01a2", "thread-id": "01a4", "x-codex-parent-thread-id": "01a3"},
            TraceIdentity("01a2", agent_id="01a4", parent_agent_id="01a3"),
        ),
        (
            {"x-session-affinity": "ses_2", "x-parent-session-id": "ses_1"},
            TraceIdentity("ses_1", agent_id="ses_2"),
        ),
        (
            {
                "x-claude-code-session-id": SESSION,
                "x-claude-code-agent-id": "a2",
                "x-claude-code-parent-agent-id": "a1",
            },
            TraceIdentity(SESSION, agent_id="a2", parent_agent_id="a1"),
        ),
        ({"session_id": "01a2"}, TraceIdentity("01a2")),
        ({"session_id": "01a2", "conversation_id": "01a2"}, TraceIdentity("01a2")),
        ({"conversation_id": "01a2"}, TraceIdentity("01a2")),
        ({"session_id": "01a2", "thread_id": "01a3"}, TraceIdentity("01a2", agent_id="01a3")),
        ({"x-opencode-session": "ses_1"}, TraceIdentity("ses_1")),
        (
            {"x-opencode-session": "ses_2", "x-parent-session-id": "ses_1"},
            TraceIdentity("ses_1", agent_id="ses_2"),
        ),
        # Beside OpenCode's own name it may be a key for prompt caches; elsewhere a login's.
        ({"x-session-id": "whose?"}, TraceIdentity()),
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


@pytest.mark.parametrize(
    ("names", "trace"),
    [
        (["codex/basic"], "01a208f6-4e39-7242-88c9-fef76d91faf6"),
        (["codex/tooltest.02"], "01a208e5-6437-7a21-b716-78d3e743b550"),
        (
            ["opencode/chat_basic.01", "opencode/chat_basic.02", "opencode/chat_continue"],
            "ses_df709a674ffePJZB1OXLbhg8K4",
        ),
        (["opencode/resp_basic.02"], "ses_df7184177ffepcYhblTFuvl1ib"),
    ],
)
def test_captured_headers_name_the_same_trace_over_all_turns(names: list[str], trace: str) -> None:
    for name in names:
        headers = {key.lower(): value for key, value in captured(name)["headers"]}
        assert find_trace(headers, None, DEFAULTS) == TraceIdentity(trace)


def test_what_codex_says_in_each_place_is_the_same_session() -> None:
    headers = {key.lower(): value for key, value in captured("codex/basic")["headers"]}
    whole = find_trace(headers, None, DEFAULTS)
    of_old = {"session_id": headers["session-id"]}
    metadata = {"x-codex-turn-metadata": headers["x-codex-turn-metadata"]}
    assert [find_trace(some, None, DEFAULTS) for some in (of_old, metadata)] == [whole, whole]


BODY = b'{"metadata": {"run": "r1", "n": 7, "no": null}, "items": [{"id": "i0"}], "on": true}'


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["metadata.run"], "r1"),
        (["metadata.n"], "7"),
        (["items.0.id"], "i0"),
        (["nothing", "metadata.none", "metadata.no", "metadata.run"], "r1"),
        (["metadata", "items", "items.1.id", "items.x", "metadata.run.x", "on"], None),
        ([], None),
    ],
)
def test_a_field_of_the_body_may_name_the_trace(fields: list[str], expected: str | None) -> None:
    assert find_in_body(BODY, fields) == expected


@pytest.mark.parametrize("body", [b"", b"[]", b'{"metadata": ', b"\xff"])
def test_a_body_that_is_no_object_names_no_trace(body: bytes) -> None:
    assert find_in_body(body, ["metadata.run"]) is None


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
    assert identity.trace_id is not None
    assert len(identity.trace_id) == 200
    assert identity.trace_id.startswith("ab[31m xxx")
    blank = find_trace({"ah-trace-id": " \t "}, CURRENT, DEFAULTS)
    assert blank.trace_id == SESSION


DIFFERING = [
    ("任务-1", "项目-1"),
    ("任务", "项目"),
    ("naïve", "nave"),
    ("x" * 200 + "1", "x" * 200 + "2"),
    ("a\x1bb", "ab"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERING)
def test_ids_that_differ_stay_apart_in_whatever_place_they_come(one: str, other: str) -> None:
    found = []
    for name in (one, other):
        body = json.dumps({"session": name}).encode()
        header = name.encode().decode("latin-1")
        in_header = find_trace({"ah-trace-id": header}, None, DEFAULTS).trace_id
        assert find_in_body(body, ["session"]) == in_header
        found.append(in_header)
    assert None not in found
    assert found[0] != found[1]


def test_a_subagents_subagent_belongs_to_the_session_at_the_top() -> None:
    roots = Roots()

    def asks(**headers: str) -> TraceIdentity:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return find_trace(names, None, DEFAULTS, roots)

    assert asks(x_session_affinity="A") == TraceIdentity("A")
    child = {"x_session_affinity": "B", "x_parent_session_id": "A"}
    grandchild = {"x_session_affinity": "C", "x_parent_session_id": "B"}
    assert asks(**grandchild) == TraceIdentity("B", agent_id="C")
    assert asks(**child) == TraceIdentity("A", agent_id="B")
    assert asks(**grandchild) == TraceIdentity("A", agent_id="C", parent_agent_id="B")
    mine = asks(**grandchild, ah_trace_id="mine")
    assert mine == TraceIdentity("mine", agent_id="C", parent_agent_id="B")


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
        ("GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux; x64; terminal)", "gemini-cli"),
        ("GeminiCLI/0.9.0/gemini-2.5-pro (linux; x64)", "gemini-cli"),
        ("claude-code/2.1.330", "claude-code"),
        ("Anthropic/Python 2.12.0", "anthropic-sdk"),
        ("AsyncAnthropic/Python 2.12.0", "anthropic-sdk"),
        ("curl/8.5.0", "unknown"),
        (None, "unknown"),
    ],
)
def test_the_user_agent_names_the_client(user_agent: str | None, client: str) -> None:
    assert find_client(user_agent) == client
