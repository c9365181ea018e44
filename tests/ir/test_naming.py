from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.ir.collect import replay
from axonhub_cli.ir.events import BlockStarted, TextDelta
from axonhub_cli.ir.naming import LONGEST_NAME, Naming, fit_id, fit_name, restore_id
from axonhub_cli.ir.request import (
    Message,
    Request,
    ServerTool,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from axonhub_cli.ir.response import Response

ID = re.compile(r"[a-zA-Z0-9_-]+")
ODD = "functions.Bash:0"
LONG = "mcp__a_server_with_a_name__and_a_tool_with_a_name_that_says_it_all_and_more"

ids = st.text(max_size=60) | st.from_regex(r"axh_[a-zA-Z0-9_-]*", fullmatch=True)


@given(ids)
def test_every_id_is_fit_for_anthropic_and_can_be_turned_back(id: str) -> None:
    assert ID.fullmatch(fit_id(id))
    assert restore_id(fit_id(id)) == id


@given(st.text(st.characters(), max_size=5))
def test_half_an_emoji_in_an_id_survives(id: str) -> None:
    assert restore_id(fit_id(id + "\ud83d")) == id + "\ud83d"


@pytest.mark.parametrize("id", ["toolu_01A", "call_x-9", "axh_", "axh_!", "axh_Z", "axh_QQ=="])
def test_an_id_that_is_fit_already_stays_as_long_as_it_is_not_taken_for_ours(id: str) -> None:
    assert restore_id(fit_id(id)) == id
    if not id.startswith("axh_"):
        assert fit_id(id) == id == restore_id(id)


def test_known_failure_10_an_id_with_dots_and_colons() -> None:
    """maximhq/bifrost#5097: Anthropic refuses the whole history."""
    assert fit_id(ODD) == "axh_ZnVuY3Rpb25zLkJhc2g6MA"
    assert restore_id("axh_ZnVuY3Rpb25zLkJhc2g6MA") == ODD


@given(st.text(min_size=1, max_size=200), st.sampled_from([64, 128]))
def test_every_name_fits_and_always_in_the_same_way(name: str, longest: int) -> None:
    fitted = fit_name(name, longest)
    assert re.fullmatch(rf"[a-zA-Z0-9_-]{{1,{longest}}}", fitted)
    assert fit_name(fitted, longest) == fitted == fit_name(name, longest)


def test_names_that_differ_at_their_end_stay_apart() -> None:
    assert fit_name("x" * 70, 64) != fit_name("x" * 71, 64)
    assert fit_name(LONG, 64).startswith(LONG[:55])
    assert fit_name("Bash", 64) == "Bash"


def request(*, id: str = ODD, name: str = LONG, client: str = "anthropic") -> Request:
    return Request(
        protocol=client,
        model="m",
        messages=(
            Message("user", (Text("hi"),)),
            Message("assistant", (Text("I call"), ToolCall(id, name, "{}"))),
            Message("user", (ToolResult(id, (Text("ok"),)),)),
        ),
        tools=(Tool(name), Tool("Bash"), ServerTool("anthropic", "web_search", "web_search", {})),
        tool_choice=ToolChoice("tool", name),
    )


def test_ids_and_names_of_chat_come_back_to_a_client_of_anthropic() -> None:
    """There: a history that has our id for theirs. Back: theirs, as the client knows it."""
    asked = request(id=fit_id(ODD))
    naming = Naming(asked, client="anthropic", upstream="openai_chat")
    sent = naming.request(asked)
    call, result = sent.messages[1].content[1], sent.messages[2].content[0]
    assert isinstance(call, ToolCall) and isinstance(result, ToolResult)
    assert (call.id, result.call_id) == (ODD, ODD)
    short = fit_name(LONG, 64)
    assert call.name == short == sent.tools[0].name
    assert sent.tool_choice == ToolChoice("tool", short)
    assert sent.tools[1:] == asked.tools[1:]
    answer = Response(content=(Text("a"), ToolCall(ODD, short, "{}"), ToolCall("c", "Bash", "")))
    back = naming.response(answer)
    assert back.content == (
        Text("a"),
        ToolCall(fit_id(ODD), LONG, "{}"),
        ToolCall("c", "Bash", ""),
    )


def test_a_stream_is_turned_back_as_a_whole_answer_is() -> None:
    naming = Naming(request(), client="anthropic", upstream="openai_chat")
    answer = Response(content=(Text("a"), ToolCall(ODD, fit_name(LONG, 64), "{}")))
    events = [naming.event(event) for event in replay(answer)]
    assert events == list(replay(naming.response(answer)))
    other = TextDelta(0, "x")
    assert naming.event(other) is other
    nameless = BlockStarted(0, "tool_call")
    assert naming.event(nameless) is nameless


def test_ids_of_chat_clients_are_fit_for_anthropic_and_anthropics_come_as_they_are() -> None:
    asked = request(client="openai_chat")
    naming = Naming(asked, client="openai_chat", upstream="anthropic")
    call = naming.request(asked).messages[1].content[1]
    # Anthropic takes longer names.
    assert call == ToolCall(fit_id(ODD), LONG, "{}")
    answer = Response(content=(ToolCall("toolu_1", "Bash", "{}"), ToolCall(fit_id(ODD), LONG, "")))
    assert naming.response(answer).content == (
        ToolCall("toolu_1", "Bash", "{}"),
        ToolCall(ODD, LONG, ""),
    )


def test_what_needs_no_change_is_the_same_object() -> None:
    asked = request(id="toolu_1", name="Bash")
    naming = Naming(asked, client="anthropic", upstream="openai_chat")
    assert naming.request(asked) is asked
    answer = Response(content=(Text("a"), ToolCall("call_1", "Bash", "{}")))
    assert naming.response(answer) is answer


def test_a_tool_that_is_really_called_like_a_short_name_is_that_tool() -> None:
    short = fit_name(LONG, 64)
    asked = Request(protocol="anthropic", model="m", tools=(Tool(LONG), Tool(short)))
    naming = Naming(asked, client="anthropic", upstream="openai_chat")
    answer = Response(content=(ToolCall("c", short, "{}"),))
    assert naming.response(answer) is answer


@given(
    id=ids.filter(bool),
    name=st.text(min_size=1, max_size=150),
    way=st.sampled_from([("anthropic", "openai_chat"), ("openai_chat", "anthropic")]),
)
def test_a_call_goes_round_and_is_the_same(id: str, name: str, way: tuple[str, str]) -> None:
    """The upstream calls a tool; the client sends that call back; the upstream sees its own id."""
    client, upstream = way
    asked = Request(protocol=client, model="m", tools=(Tool(name),))
    naming = Naming(asked, client=client, upstream=upstream)
    theirs = fit_id(id) if upstream == "anthropic" else id
    there = ToolCall(theirs, fit_name(name, LONGEST_NAME[upstream]), "{}")
    (call,) = naming.response(Response(content=(there,))).content
    assert isinstance(call, ToolCall) and call.name == name
    again = Request(
        protocol=client, model="m", tools=asked.tools, messages=(Message("assistant", (call,)),)
    )
    sent = Naming(again, client=client, upstream=upstream).request(again)
    assert sent.messages[0].content == (there,)


def test_a_call_without_an_id_stays_without_one() -> None:
    request = Request(protocol="anthropic", model="m")
    naming = Naming(request, client="anthropic", upstream="openai_chat")
    answer = Response(content=(ToolCall("", "Bash", "{}"),))
    assert naming.response(answer) is answer
    begun = BlockStarted(0, "tool_call", id="", name="Bash")
    assert naming.event(begun) is begun
