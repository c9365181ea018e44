"""Messages requests for tests: Hypothesis strategies, the captured ones, and their normal form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[2] / "fixtures"

Json = dict[str, Any]


def captured() -> list[tuple[str, Json]]:
    """The bodies of all captured Messages requests, with their names."""
    found = []
    for path in sorted(FIXTURES.glob("*/*.json")):
        call = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(call, dict) and call.get("path", "").startswith("/v1/messages"):
            found.append((f"{path.parent.name}/{path.stem}", call["body"]))
    return found


def normal(body: Json) -> Json:
    """The request as the API understands it: one spelling for what means the same."""
    nothing: tuple[Any, ...] = (None, [], {}, "")
    made = {n: value for n, value in body.items() if value not in nothing and value is not False}
    if "system" in made:
        made["system"] = _content(made["system"])
    made["messages"] = [{**m, "content": _content(m["content"])} for m in body["messages"]]
    if "tools" in made:
        made["tools"] = [_tool(tool) for tool in made["tools"]]
    return made


def _content(content: Any) -> Any:
    if isinstance(content, str):
        return content or []
    blocks = [_block(block) for block in content]
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"} and blocks[0]["text"]:
        return blocks[0]["text"]
    return blocks


def _block(block: Json) -> Json:
    if block["type"] != "tool_result":
        return block
    made = {name: value for name, value in block.items() if name != "is_error" or value}
    if "content" in made:
        made["content"] = _content(made["content"])
    if not made.get("content"):
        made.pop("content", None)
    return made


def _tool(tool: Json) -> Json:
    return {
        name: value
        for name, value in tool.items()
        if (name, value) != ("type", "custom") and value is not None
    }


words = st.text(st.characters(codec="utf-8"), max_size=12)
ids = st.text("abcdefghij_-0123", min_size=1, max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(words, values, max_size=3)


def _with_extras(strategy: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Members that no codec knows, and the ones that Claude Code adds."""
    cached = st.just({"cache_control": {"type": "ephemeral", "ttl": "1h"}})
    unknown = st.dictionaries(words.map(lambda name: f"x-{name}"), values, max_size=1)
    return st.tuples(st.just({}) | cached | unknown, strategy).map(lambda pair: pair[0] | pair[1])


def _fixed(kind: str, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({"type": st.just(kind), **members})


texts = _with_extras(_fixed("text", text=words))
sources = (
    _fixed("base64", media_type=st.just("image/png"), data=words)
    | _fixed("url", url=words)
    | _fixed("file", file_id=words)
)
images = _with_extras(_fixed("image", source=sources))
text_sources = _fixed("text", media_type=st.just("text/plain"), data=words) | _fixed(
    "content", content=words | st.lists(texts | images, max_size=2)
)
documents = _with_extras(
    st.builds(
        lambda block, title: block | title,
        _fixed("document", source=sources | text_sources),
        st.just({}) | st.fixed_dictionaries({"title": words, "citations": objects}),
    )
)
unknown_blocks = st.sampled_from(
    [
        {"type": "search_result", "source": "s", "title": "t", "content": []},
        {"type": "tool_reference", "tool_name": "Write"},
        {"type": "a_block_of_next_year", "data": [1]},
    ]
)
calls = _with_extras(_fixed("tool_use", id=ids, name=ids, input=objects))
results = _with_extras(
    _fixed(
        "tool_result",
        tool_use_id=ids,
        content=words | st.lists(texts | images | documents | unknown_blocks, max_size=3),
        is_error=st.booleans(),
    )
)
thoughts = _with_extras(_fixed("thinking", thinking=words, signature=ids)) | _fixed(
    "redacted_thinking", data=words
)
server_blocks = st.sampled_from(
    [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"q": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
    ]
)
messages = st.one_of(
    st.fixed_dictionaries(
        {
            "role": st.just("user"),
            "content": words
            | st.lists(texts | images | documents | results | unknown_blocks, max_size=4),
        }
    ),
    st.fixed_dictionaries(
        {
            "role": st.just("assistant"),
            "content": words | st.lists(texts | calls | thoughts | server_blocks, max_size=4),
        }
    ),
    st.fixed_dictionaries(
        {"role": st.just("system"), "content": words | st.lists(texts, max_size=2)},
        optional={"output_config": st.just({"effort": "low"})},
    ),
)
tools = _with_extras(
    st.fixed_dictionaries(
        {"name": ids, "input_schema": objects},
        optional={
            "type": st.just("custom"),
            "description": words,
            "strict": st.booleans(),
            "defer_loading": st.booleans(),
            "input_examples": st.lists(objects, max_size=1),
            "allowed_callers": st.just(["direct"]),
            "eager_input_streaming": st.booleans(),
        },
    )
) | st.sampled_from(
    [
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
        {"type": "mcp_toolset", "mcp_server_name": "files"},
    ]
)
choices = st.builds(
    lambda choice, more: choice | more,
    st.sampled_from([{"type": "auto"}, {"type": "any"}, {"type": "none"}])
    | st.fixed_dictionaries({"type": st.just("tool"), "name": ids}),
    st.fixed_dictionaries({}, optional={"disable_parallel_tool_use": st.booleans(), "x": scalars}),
)
thinking = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("enabled"), "budget_tokens": st.integers(1024, 64000)},
        optional={"display": st.just("omitted")},
    ),
    st.sampled_from(
        [
            {"type": "adaptive", "display": "omitted"},
            {"type": "disabled"},
            {"type": "between_tools"},
        ]
    ),
)
output_configs = st.fixed_dictionaries(
    {},
    optional={
        "effort": st.sampled_from(["low", "medium", "high", "max"]),
        "format": st.fixed_dictionaries({"type": st.just("json_schema"), "schema": objects})
        | st.just({"type": "regex", "pattern": "x"}),
        "task_budget": st.just({"type": "tokens", "total": 9}),
    },
)
requests = st.fixed_dictionaries(
    {"model": ids, "messages": st.lists(messages, min_size=1, max_size=5)},
    optional={
        "max_tokens": st.integers(1, 128000),
        "system": words | st.lists(texts, max_size=3),
        "tools": st.lists(tools, max_size=3),
        "tool_choice": choices,
        "thinking": thinking,
        "output_config": output_configs,
        "temperature": st.floats(0, 1),
        "top_p": st.floats(0, 1),
        "top_k": st.integers(1, 100),
        "stop_sequences": st.lists(words, max_size=2),
        "metadata": st.fixed_dictionaries({}, optional={"user_id": words, "more": values}),
        "service_tier": st.sampled_from(["auto", "standard_only"]),
        "stream": st.booleans(),
        "container": st.none() | ids,
        "context_management": objects,
        "mcp_servers": st.lists(objects, max_size=1),
        "speed": st.just("fast"),
        "cache_control": st.just({"type": "ephemeral"}),
    },
)
