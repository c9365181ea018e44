from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli import jsonio
from axonhub_cli.dialects import DIALECTS
from axonhub_cli.dialects.base import (
    Body,
    Change,
    Dialect,
    EventFilters,
    QuirkContext,
    apply_quirks,
    filter_response,
)
from axonhub_cli.dialects.event_quirks import OwnToolIds, ThinkTags
from axonhub_cli.ir.events import BlockStarted, Finished
from axonhub_cli.ir.loss import Loss
from axonhub_cli.ir.request import Text, Thinking, ToolCall
from axonhub_cli.ir.response import Response, Stop
from tests.dialects.bodies import context, relayed


def _mark(body: Body, context: QuirkContext) -> Change:
    return {**body, "marks": body.get("marks", 0) + 1}, (Loss("a", "b"), Loss("a", "b"))


def test_quirks_are_applied_in_their_order_and_a_loss_is_told_once() -> None:
    body, losses = apply_quirks(Dialect("x", "y", (_mark, _mark)), {}, context())
    assert body == {"marks": 2}
    assert losses == (Loss("a", "b"),)


def test_a_dialect_without_quirks_sends_the_very_body() -> None:
    body: Body = {"model": "m"}
    sent, losses = apply_quirks(Dialect("x", "y"), body, context())
    assert sent is body and losses == ()


def test_headers_go_with_the_fields_they_ask_for() -> None:
    dialect = DIALECTS["ollama-anthropic"]
    assert dialect.drops_header("anthropic-beta")
    assert dialect.drops_header("x-claude-code-session-id")
    assert not dialect.drops_header("anthropic-version")
    assert not DIALECTS["openai"].drops_header("anthropic-beta")
    # Claude behind a gateway understands betas.
    assert not DIALECTS["openrouter-anthropic"].drops_header("anthropic-beta")


def test_filters_stand_in_a_row() -> None:
    filters = EventFilters(Dialect("x", "y", events=(ThinkTags, OwnToolIds)), "seed")
    (started,) = filters.feed(BlockStarted(0, "tool_call", name="Bash"))
    assert isinstance(started, BlockStarted) and str(started.id).startswith("call_")
    assert filters.feed_all([Finished()]) == [Finished()]


def test_a_whole_answer_is_filtered_as_a_stream_is() -> None:
    answer = Response(
        id="r",
        model="m",
        content=(Text("<think>\nhm\n</think>\n\nyes"), ToolCall("", "Bash", "{}")),
        stop=Stop("tool_use"),
    )
    dialect = Dialect("x", "y", events=(ThinkTags, OwnToolIds))
    filtered = filter_response(dialect, answer, "seed")
    thought, text, call = filtered.content
    assert (thought, text) == (Thinking("hm"), Text("yes"))
    assert isinstance(call, ToolCall) and call.id
    assert (filtered.id, filtered.model, filtered.stop) == ("r", "m", Stop("tool_use"))
    assert filter_response(Dialect("x", "y"), answer, "seed") is answer


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "type text role content tool_calls function name id parameters source signature "
                "thinking tool_use_id image_url file effort format schema user_id".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_FIELDS = (
    "model messages system tools tool_choice thinking output_config metadata max_tokens "
    "max_completion_tokens reasoning_effort response_format parallel_tool_calls temperature top_p "
    "stop seed stream user stream_options n prompt_cache_key context_management"
).split()
_WORDS = st.sampled_from(
    ["system", "developer", "user", "assistant", "tool", "text", "image", "image_url", "file"]
    + ["tool_use", "tool_result", "thinking", "adaptive", "json_schema", "required", "any", "tool"]
)
_MESSAGES = st.lists(
    st.dictionaries(st.sampled_from(["role", "content", "tool_calls", "name"]), _JSON | _WORDS)
    | _JSON,
    max_size=4,
)
_BODIES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(_FIELDS, _JSON | _WORDS) | {"messages": _MESSAGES | _JSON}
)


@given(
    name=st.sampled_from(list(DIALECTS)),
    body=_BODIES,
    model=st.sampled_from(["gpt-5.6", "kimi-k3", "glm-5.3", "qwen3", "grok-4"]),
)
def test_whatever_json_a_client_sends_a_dialect_raises_nothing_and_changes_nothing_given(
    name: str, body: Body, model: str
) -> None:
    before = jsonio.encode(body)
    for about in (relayed(model), context(model, caps={"*": 100}, session="s")):
        sent, losses = apply_quirks(DIALECTS[name], body, about)
        jsonio.encode(sent)
        assert all(loss.path and loss.reason for loss in losses)
    assert jsonio.encode(body) == before


@given(name=st.sampled_from(list(DIALECTS)), body=_BODIES)
def test_what_a_dialect_has_sent_it_sends_likewise_again(name: str, body: Body) -> None:
    """Bodies may pass two axonhubs; and a conversation's beginning stays the same, for caches."""
    once, _ = apply_quirks(DIALECTS[name], body, relayed("some-model"))
    twice, _ = apply_quirks(DIALECTS[name], once, relayed("some-model"))
    assert twice == once
