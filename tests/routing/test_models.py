"""The models of a channel: which names it serves, as what, in which order of precedence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.config.schema import Channel, Mapping
from axonhub_cli.routing.models import (
    index_of,
    matches_glob,
    models_of,
    served_models,
    serves,
    serves_as_anything,
    upstream_model,
)


def channel(*models: str, **fields: Any) -> Channel:
    maps = tuple(Mapping(source, target) for source, target in fields.pop("map", {}).items())
    return Channel(name="c", type="anthropic", models=models, mappings=maps, **fields)


@pytest.mark.parametrize(
    ("models", "model", "served"),
    [
        (("claude-*",), "claude-opus-5-5", True),
        (("claude-*",), "Claude-opus", False),
        (("claude-*",), "my-claude-x", False),
        (("claude-*",), "claude-\n", True),
        (("gpt-?",), "gpt-5", True),
        (("gpt-?",), "gpt-", False),
        (("gpt-?",), "gpt-55", False),
        (("claude-3.5",), "claude-3x5", False),
        (("a.b*",), "axbc", False),
        (("[ab]",), "a", False),
        (("[ab]",), "[ab]", True),
        (("*",), "", True),
        ((), "claude-opus-4-5", False),
    ],
)
def test_names_are_exact_and_globs_are_anchored(
    models: tuple[str, ...], model: str, served: bool
) -> None:
    assert serves(channel(*models), model) is served


def test_without_models_those_of_the_type_are_served() -> None:
    plan = Channel(name="c", type="claude-code")
    assert serves(plan, "claude-sonnet-4-5-20250929") and not serves(plan, "gpt-5")
    assert served_models(plan) == ["claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"]
    assert models_of(Channel(name="c", type="nobody's")) == ()


@given(st.text(max_size=8))
def test_a_name_without_signs_of_a_glob_serves_itself_alone(name: str) -> None:
    only = channel(name)
    assert serves(only, name) is bool(name)
    if not {"*", "?"} & set(name):
        assert not serves(only, name + "x")


PRECEDENCE = {
    "models": ("x", "a/x", "a/y", "glob-*", "m"),
    "trimmed_prefixes": ("a",),
    "prefix": "p",
    "map": {"x": "map-x", "y": "map-y", "z": "map-z", "p/x": "map-px", "glob-1": "map-g"},
}


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("x", "x"),  # direct before trimmed and mapping
        ("y", "a/y"),  # trimmed before mapping
        ("z", "map-z"),
        ("p/x", "map-px"),  # mapping before prefix
        ("p/m", "m"),
        ("p/y", "a/y"),
        ("p/z", "map-z"),
        ("p/glob-2", "glob-2"),
        ("glob-1", "map-g"),  # a mapping before a glob
        ("glob-2", "glob-2"),
        ("a/x", "a/x"),
        ("p/nothing", None),
        ("q/x", None),
    ],
)
def test_direct_comes_before_trimmed_before_mapping_before_prefix(
    model: str, sent: str | None
) -> None:
    fields = dict(PRECEDENCE)
    models = fields.pop("models")
    assert upstream_model(channel(*models, **fields), model) == sent  # type: ignore[arg-type]


def test_mappings_are_tried_in_order_and_applied_once() -> None:
    own = channel("opus", map={"claude-.*": "sonnet", "claude-x": "never", "sonnet": "opus"})
    assert upstream_model(own, "claude-x") == "sonnet"
    assert upstream_model(own, "sonnet") == "opus"
    assert upstream_model(own, "gpt") is None


def test_a_prefix_takes_any_name_of_a_channel_that_takes_any() -> None:
    engine = channel("*", prefix="local")
    assert upstream_model(engine, "local/qwen") == "qwen"
    assert upstream_model(engine, "qwen") == "qwen"


def test_trimmed_prefixes_fit_globs_too() -> None:
    own = channel("deepseek-ai/*", "zai-org/glm-4.6", trimmed_prefixes=("deepseek-ai", "zai-org"))
    assert upstream_model(own, "deepseek-v3") == "deepseek-ai/deepseek-v3"
    assert upstream_model(own, "glm-4.6") == "zai-org/glm-4.6"
    assert upstream_model(own, "deepseek-ai/deepseek-v3") == "deepseek-ai/deepseek-v3"
    assert served_models(own) == ["zai-org/glm-4.6", "glm-4.6"]


def test_in_lower_case_names_are_compared_and_listed_but_sent_as_they_are_written() -> None:
    own = channel(
        "DeepSeek-V3",
        "Qwen/*",
        lower_case=True,
        prefix="Own",
        map={"Fast": "DeepSeek-V3", "claude-.*": "DeepSeek-V3"},
    )
    assert served_models(own) == ["fast", "deepseek-v3", "own/fast", "own/deepseek-v3"]
    for asked in ("deepseek-v3", "DEEPSEEK-v3", "fast", "FAST", "own/deepseek-V3", "Claude-Opus"):
        assert upstream_model(own, asked) == "DeepSeek-V3", asked
    assert upstream_model(own, "qwen/Q3") == "qwen/Q3"
    assert upstream_model(channel("DeepSeek-V3"), "deepseek-v3") is None


def test_hidden_originals_are_not_served_by_their_own_names() -> None:
    own = channel(
        "org/a", "org/b", "z-*", hide_originals=True, trimmed_prefixes=("org",), map={"fast": "z-1"}
    )
    assert served_models(own) == ["fast", "a", "b"]
    assert upstream_model(own, "org/a") is None
    assert upstream_model(own, "z-1") is None
    assert upstream_model(own, "a") == "org/a"
    globs = channel("org/*", hide_originals=True, trimmed_prefixes=("org",))
    assert (upstream_model(globs, "a"), upstream_model(globs, "org/a")) == ("org/a", None)
    prefixed = channel("a", "z-*", hide_originals=True, prefix="p")
    assert served_models(prefixed) == ["p/a"]
    assert (upstream_model(prefixed, "a"), upstream_model(prefixed, "p/a")) == (None, "a")
    assert upstream_model(prefixed, "p/z-1") == "z-1"


def test_with_hidden_originals_a_mapping_may_take_a_models_own_name() -> None:
    assert upstream_model(channel("a", "b", map={"a": "b"}, hide_originals=True), "a") == "b"


def test_hidden_aliases_are_served_but_not_listed() -> None:
    own = channel("a", "b", hide_aliases=True, prefix="p", map={"fast": "a"})
    assert served_models(own) == ["a", "b"]
    assert upstream_model(own, "fast") == upstream_model(own, "p/a") == "a"


def test_lists_show_names_and_aliases_but_no_patterns() -> None:
    own = channel("claude-*", "b", "alias", "gpt-?", map={"alias": "b", "x.*": "b", "gpt-3.5": "b"})
    assert served_models(own) == ["alias", "gpt-3.5", "b"]


@given(
    st.lists(st.sampled_from(["a", "b", "a/b", "p/a", "A"]), unique=True),
    st.dictionaries(st.sampled_from(["a", "c", "p/a"]), st.sampled_from(["b", "z"])),
    st.sampled_from([None, "p", "a"]),
    st.sampled_from([(), ("a",), ("a", "p")]),
    st.booleans(),
    st.booleans(),
)
def test_what_is_listed_is_served(
    models: list[str],
    mappings: dict[str, str],
    prefix: str | None,
    trimmed: tuple[str, ...],
    lower: bool,
    hidden: bool,
) -> None:
    own = channel(
        *models,
        map=mappings,
        prefix=prefix,
        trimmed_prefixes=trimmed,
        lower_case=lower,
        hide_originals=hidden,
    )
    assert all(serves(own, name) for name in served_models(own))
    if not hidden:
        assert all(upstream_model(own, name) == name for name in models if not lower)


def test_only_a_lone_star_serves_as_anything() -> None:
    assert serves_as_anything(channel("*"), "claude")
    assert not serves_as_anything(channel("*", "claude-*"), "claude-x")
    assert not serves_as_anything(channel("*", map={"claude": "x"}), "claude")
    assert not serves_as_anything(channel("*", prefix="p"), "p/claude")


def test_an_index_is_made_once_for_a_channel() -> None:
    one, same = channel("a"), channel("a")
    assert index_of(one) is index_of(one)
    assert index_of(one) is not index_of(same)
    for number in range(1100):
        index_of(channel(f"m{number}"))
    assert upstream_model(one, "a") == "a"


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=8))
def test_globs_mean_what_they_mean_everywhere(pattern: str, text: str) -> None:
    def plain(glob: str, rest: str) -> bool:
        if not glob:
            return not rest
        if glob[0] == "*":
            return any(plain(glob[1:], rest[at:]) for at in range(len(rest) + 1))
        return bool(rest) and glob[0] in ("?", rest[0]) and plain(glob[1:], rest[1:])

    assert matches_glob(pattern, text) is plain(pattern, text)


def test_a_glob_of_many_stars_is_no_trap() -> None:
    assert not matches_glob("*a" * 40, "a" * 5_000 + "b")
