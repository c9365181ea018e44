import pytest

from axonhub_cli.dialects.request_quirks import (
    clamp_max_tokens,
    clamp_range,
    cut_attribution,
    left_out,
)
from tests.dialects.bodies import context, run, send

# As Claude Code 2.1.330 sends it (tests/fixtures/claude-code).
LINE = "x-anthropic-billing-header: cc_version=2.1.330.269; cc_entrypoint=sdk-cli;"


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_above_the_providers_cap_is_lowered_and_said(name: str) -> None:
    about = context("deepseek-chat", caps={"deepseek-chat": 8192, "deepseek-*": 384_000})
    assert run(clamp_max_tokens, {name: 32_000}, about) == ({name: 8192}, [name])
    assert run(clamp_max_tokens, {name: 8192}, about) == ({name: 8192}, [])
    other = context("deepseek-flash", caps={"deepseek-chat": 8192, "deepseek-*": 384_000})
    assert run(clamp_max_tokens, {name: 32_000}, other) == ({name: 32_000}, [])


def test_known_failure_15_max_tokens_of_claude_code_fits_deepseek() -> None:
    for model in ("deepseek-chat", "deepseek-reasoner"):
        body, lost = send("deepseek", {"max_tokens": 32_000, "messages": []}, context(model))
        assert 1 <= body["max_tokens"] <= 8192
        assert "max_tokens" in lost


def test_a_value_outside_the_range_moves_to_its_border() -> None:
    quirk = clamp_range("temperature", 0.0, 1.0)
    assert run(quirk, {"temperature": 1.7}) == ({"temperature": 1.0}, ["temperature"])
    assert run(quirk, {"temperature": -1}) == ({"temperature": 0.0}, ["temperature"])
    for fine in ({"temperature": 1}, {"temperature": 0.3}, {"temperature": "x"}, {}):
        assert run(quirk, fine) == (fine, [])


def test_the_attribution_line_is_cut_by_position_and_prefix() -> None:
    assert cut_attribution(LINE) is None
    assert cut_attribution(f"{LINE}\n\nYou are Claude") == "You are Claude"
    assert cut_attribution(f"You are Claude\n{LINE}") == f"You are Claude\n{LINE}"
    blocks = [{"type": "text", "text": LINE}, {"type": "text", "text": "You are"}]
    assert cut_attribution(blocks) == blocks[1:]
    assert cut_attribution(blocks[:1]) is None
    other = [{"type": "text", "text": "You are"}, {"type": "text", "text": LINE}]
    for content in (other, [], None, 3, [{"type": "image"}], [{"type": "text", "text": 1}]):
        assert cut_attribution(content) is content


def test_a_line_that_shares_its_block_leaves_the_rest_as_it_is() -> None:
    block = {"type": "text", "text": f"{LINE}\nYou are", "cache_control": {"type": "ephemeral"}}
    assert cut_attribution([block]) == [{**block, "text": "You are"}]


def test_a_placeholder_names_what_and_who() -> None:
    assert left_out("image", "glm-4.7") == "[image left out: glm-4.7 cannot read it]"
