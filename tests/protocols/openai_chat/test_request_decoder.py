"""A Chat request in the hub's words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.errors import ClientError
from axonhub_cli.ir import freeform
from axonhub_cli.ir.request import (
    OutputFormat,
    Reasoning,
    Request,
    Sampling,
    ServerTool,
    Tool,
    ToolChoice,
)
from axonhub_cli.protocols.openai_chat.request_decoder import NO_PARAMETERS, decode_request

LEAST: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def read(**members: Any) -> Request:
    return decode_request(LEAST | members)


def test_the_least_request_says_little() -> None:
    request = read()
    assert (request.protocol, request.model, request.stream) == ("openai_chat", "m", False)
    assert request.wants_usage
    assert (request.tools, request.tool_choice, request.extra) == ((), None, {})
    assert (request.sampling, request.reasoning) == (Sampling(), Reasoning())


def test_knobs_are_read() -> None:
    request = read(
        max_tokens=5,
        temperature=1,
        top_p=0.5,
        top_k=3,
        stop="###",
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=-0.1,
        user="ann",
        metadata={"a": "b"},
        service_tier="flex",
        prompt_cache_key="k",
        parallel_tool_calls=False,
        n=1,
    )
    assert request.sampling == Sampling(5, 1.0, 0.5, 3, ("###",), 7, 0.1, -0.1)
    assert (request.user, request.metadata) == ("ann", {"a": "b"})
    assert (request.service_tier, request.cache_key) == ("flex", "k")
    assert request.parallel_tools is False
    assert request.extra == {}


def test_the_newer_name_of_the_limit_counts() -> None:
    assert read(max_tokens=5, max_completion_tokens=6).sampling.max_tokens == 6
    assert read(stop=["a", "b"]).sampling.stop == ("a", "b")
    assert read(stop=None, temperature=None, tools=None, metadata=None).sampling == Sampling()


def test_unknown_members_are_kept() -> None:
    unknown = {"logprobs": True, "logit_bias": {"1": 2}, "verbosity": "low", "store": False}
    assert read(**unknown).extra == unknown


def test_several_answers_cannot_be_converted() -> None:
    with pytest.raises(ClientError, match="^n: Several answers"):
        read(n=2)


def function(name: str = "f", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name} | more}


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def test_tools_are_read_with_what_is_beside_their_schema() -> None:
    grammar = {"type": "custom", "custom": {"name": "patch", "format": {"type": "text"}}}
    text_format = {"custom": {"format": {"type": "text"}}}
    search = {"type": "web_search", "max_uses": 3}
    tools = [
        function(description="d", parameters=SCHEMA, strict=True),
        function("g") | {"cache_control": {}},
        function("h", returns={}),
        grammar,
        search,
    ]
    assert read(tools=tools, functions=[{"name": "old"}]).tools == (
        Tool("f", "d", SCHEMA, True),
        Tool("g", None, NO_PARAMETERS, None, {"cache_control": {}}),
        Tool("h", None, NO_PARAMETERS, None, {"function": {"returns": {}}}),
        Tool("patch", None, freeform.SCHEMA, extra=text_format, freeform=True),
        ServerTool("openai_chat", "web_search", "web_search", search),
        Tool("old", None, NO_PARAMETERS),
    )


def allowed(mode: str, *names: str) -> dict[str, Any]:
    tools = [function(name) for name in names]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}


@pytest.mark.parametrize(
    ("members", "choice"),
    [
        ({"tool_choice": "auto"}, ToolChoice("auto")),
        ({"tool_choice": "none"}, ToolChoice("none")),
        ({"tool_choice": "required"}, ToolChoice("any")),
        ({"tool_choice": function("f")}, ToolChoice("tool", "f")),
        ({"tool_choice": {"type": "custom", "custom": {"name": "p"}}}, ToolChoice("tool", "p")),
        ({"tool_choice": {"type": "function", "name": "f"}}, ToolChoice("tool", "f")),
        ({"tool_choice": allowed("required", "f")}, ToolChoice("tool", "f")),
        ({"function_call": "none"}, ToolChoice("none")),
        ({"function_call": {"name": "f"}}, ToolChoice("tool", "f")),
        ({"tool_choice": None}, None),
    ],
)
def test_every_form_of_tool_choice_is_read(
    members: dict[str, Any], choice: ToolChoice | None
) -> None:
    request = read(**members)
    assert (request.tool_choice, request.extra) == (choice, {})


@pytest.mark.parametrize(("mode", "ours"), [("auto", "auto"), ("required", "any")])
def test_a_set_of_allowed_tools_is_kept_for_who_knows_it(mode: str, ours: str) -> None:
    request = read(tool_choice=allowed(mode, "f", "g"))
    assert request.tool_choice == ToolChoice(ours)  # type: ignore[arg-type]
    assert request.extra == {"tool_choice": allowed(mode, "f", "g")}


@pytest.mark.parametrize(
    ("members", "reasoning", "extra"),
    [
        ({"reasoning_effort": "high"}, Reasoning(None, "high"), {}),
        ({"reasoning_effort": "none"}, Reasoning("disabled"), {}),
        ({"reasoning_effort": None}, Reasoning(), {}),
        ({"reasoning": {"effort": "low"}}, Reasoning(None, "low"), {}),
        ({"reasoning": {"max_tokens": 9}}, Reasoning("enabled", None, 9), {}),
        (
            {"reasoning": {"enabled": True, "exclude": True}},
            Reasoning("enabled"),
            {"reasoning": {"exclude": True}},
        ),
        ({"reasoning": {"enabled": False}}, Reasoning("disabled"), {}),
        ({"thinking": {"type": "enabled"}}, Reasoning("enabled"), {}),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 9, "clear_thinking": False}},
            Reasoning("enabled", None, 9),
            {"thinking": {"clear_thinking": False}},
        ),
        ({"thinking": {"type": "disabled"}}, Reasoning("disabled"), {}),
        (
            {"thinking": {"type": "adaptive"}, "reasoning_effort": "max"},
            Reasoning("adaptive", "max"),
            {},
        ),
        ({"enable_thinking": True, "thinking_budget": 9}, Reasoning("enabled", None, 9), {}),
        ({"enable_thinking": False}, Reasoning("disabled"), {}),
        ({"thinking": "odd"}, Reasoning(), {"thinking": "odd"}),
    ],
)
def test_every_way_to_ask_for_reasoning_is_read(
    members: dict[str, Any], reasoning: Reasoning, extra: dict[str, Any]
) -> None:
    request = read(**members)
    assert (request.reasoning, request.extra) == (reasoning, extra)


@pytest.mark.parametrize(
    ("form", "output"),
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, OutputFormat("json_object")),
        (
            {
                "type": "json_schema",
                "json_schema": {
                    "name": "n",
                    "schema": SCHEMA,
                    "strict": True,
                    "description": "d",
                },
            },
            OutputFormat("json_schema", SCHEMA, "n", "d", True),
        ),
    ],
)
def test_formats_are_read(form: Any, output: OutputFormat | None) -> None:
    request = read(response_format=form)
    assert (request.output, request.extra) == (output, {})


def test_what_a_format_has_beside_is_kept() -> None:
    assert read(response_format={"type": "grammar"}).extra == {
        "response_format": {"type": "grammar"}
    }
    odd = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "x": 1}}
    assert read(response_format=odd).extra == {"response_format": {"json_schema": {"x": 1}}}


@pytest.mark.parametrize(
    ("members", "wants"),
    [
        ({"stream": True}, False),
        ({"stream": True, "stream_options": {"include_usage": True}}, True),
        ({"stream": True, "stream_options": {"include_usage": False}}, False),
        ({"stream": False, "stream_options": None}, True),
    ],
)
def test_a_stream_tells_usage_only_when_asked(members: dict[str, Any], wants: bool) -> None:
    assert read(**members).wants_usage is wants


def test_other_stream_options_are_kept() -> None:
    request = read(stream=True, stream_options={"include_obfuscation": False})
    assert request.extra == {"stream_options": {"include_obfuscation": False}}


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"model": 7}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"stop": 7}, "stop"),
        ({"stop": [7]}, "stop.0"),
        ({"tools": {"a": 1}}, "tools"),
        ({"tools": [7]}, "tools.0"),
        ({"tools": [{"type": 7}]}, "tools.0.type"),
        ({"tools": [{"type": "function"}]}, "tools.0.function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools.0.function.name"),
        ({"tools": [function(parameters=7)]}, "tools.0.function.parameters"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice"),
        ({"tool_choice": 7}, "tool_choice"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"reasoning_effort": 7}, "reasoning_effort"),
        ({"enable_thinking": "yes"}, "enable_thinking"),
        ({"metadata": [1]}, "metadata"),
        ({"stream_options": [1]}, "stream_options"),
        ({"user": 7}, "user"),
    ],
)
def test_what_is_wrong_is_named(members: dict[str, Any], path: str) -> None:
    with pytest.raises(ClientError, match=f"^{path}: ") as caught:
        read(**members)
    assert caught.value.kind == "invalid_request"


odd_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "type function name role content text image_url url file tool_calls id enabled "
                "allowed_tools tools mode json_schema schema effort".split()
            ),
            inner | st.sampled_from(["function", "user", "assistant", "tool", "image_url", "text"]),
            max_size=5,
        )
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from(
            "model messages tools functions tool_choice function_call stop response_format "
            "reasoning thinking stream_options metadata n max_tokens".split()
        ),
        odd_json,
        max_size=6,
    )
)
def test_any_json_is_read_or_refused(body: dict[str, Any]) -> None:
    for value in (body, LEAST | body, LEAST | {"messages": [body]}):
        try:
            decode_request(value)
        except ClientError as error:
            assert error.kind == "invalid_request"
