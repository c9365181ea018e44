"""Estimated tokens."""

from __future__ import annotations

from typing import Any

from axonhub_cli.echo.tokens import InputTokens, count_input, count_output, text_of

MARK = {"cache_control": {"type": "ephemeral"}}
HELLO = {"role": "user", "content": "hello"}


def test_system_tools_and_messages_all_count() -> None:
    bare = count_input({"messages": [HELLO]})
    full = count_input({"messages": [HELLO], "system": "be brief", "tools": [{"name": "Bash"}]})
    assert 0 < bare.total < full.total
    assert bare == InputTokens(fresh=bare.total, cache_read=0, cache_write=0)


def test_a_first_turn_writes_what_is_marked() -> None:
    system = [{"type": "text", "text": "long " * 100, **MARK}]
    counted = count_input({"system": system, "messages": [HELLO]})
    assert counted.cache_write > 100
    assert (counted.cache_read, counted.fresh) == (0, count_input({"messages": [HELLO]}).total)


def test_a_later_turn_reads_what_stood_before_the_last_answer() -> None:
    system = [{"type": "text", "text": "long " * 100, **MARK}]
    last = {"role": "user", "content": [{"type": "text", "text": "more", **MARK}]}
    messages = [HELLO, {"role": "assistant", "content": "hi"}, last]
    counted = count_input({"system": system, "messages": messages})
    assert counted.cache_read > 100
    assert counted.cache_write > 0
    assert counted.fresh == 0


def test_a_picture_counts_as_a_picture_and_not_by_its_bytes() -> None:
    def with_picture(size: int) -> dict[str, Any]:
        picture = {"type": "image", "source": {"type": "base64", "data": "A" * size}}
        return {"messages": [{"role": "user", "content": [picture]}]}

    assert count_input(with_picture(10)) == count_input(with_picture(100_000))
    assert count_input(with_picture(10)).total > 1_500


def test_an_answer_is_at_least_one_token() -> None:
    assert count_output([]) == 1
    assert count_output([{"type": "text", "text": "hello"}]) > 1


def test_text_of_any_content() -> None:
    assert text_of("a") == "a"
    assert text_of([{"text": "a"}, {"type": "image"}, {"text": "b"}], separator="-") == "a-b"
    assert text_of(None) == ""
