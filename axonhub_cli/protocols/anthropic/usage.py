"""Tokens: Anthropic's counts to the hub's and back.

(docs.anthropic.com/en/docs/build-with-claude/prompt-caching, read 2026-11: `input_tokens` is what
was neither read from the cache nor written to it.)
"""

from __future__ import annotations

from axonhub_cli.ir.response import Usage
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.read import as_dict, as_int


def decode_usage(value: Json) -> Usage:
    """Tolerant: some relays give nulls, `cached_tokens`, or take the cached tokens off twice."""
    if not isinstance(value, dict):
        return Usage()
    split = as_dict(value.get("cache_creation"))
    five, hour = (as_int(split.get(f"ephemeral_{name}_input_tokens")) for name in ("5m", "1h"))
    write = as_int(value.get("cache_creation_input_tokens"))
    if five is not None or hour is not None:
        write = max(write or 0, (five or 0) + (hour or 0))
    read = as_int(value.get("cache_read_input_tokens"))
    if read is None:
        read = as_int(value.get("cached_tokens"))
    fresh = as_int(value.get("input_tokens"))
    if fresh is not None and fresh < 0:
        fresh = max(fresh + (read or 0), 0)
    return Usage(
        input=fresh,
        cache_read=read,
        cache_write=write,
        cache_write_5m=five,
        cache_write_1h=hour,
        output=as_int(value.get("output_tokens")),
        reasoning=as_int(as_dict(value.get("output_tokens_details")).get("thinking_tokens")),
    )


def encode_usage(usage: Usage) -> dict[str, Json]:
    """Every count, 0 where it is not known: Claude Code 2.1.79 refuses less (litellm #24176)."""
    write, hour = usage.cache_write or 0, usage.cache_write_1h or 0
    five = usage.cache_write_5m
    encoded: dict[str, Json] = {
        "input_tokens": usage.input or 0,
        "cache_creation_input_tokens": write,
        "cache_read_input_tokens": usage.cache_read or 0,
        "cache_creation": {
            "ephemeral_5m_input_tokens": max(write - hour, 0) if five is None else five,
            "ephemeral_1h_input_tokens": hour,
        },
        "output_tokens": usage.output or 0,
    }
    if usage.reasoning is not None:
        encoded["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return encoded


def encode_last_usage(usage: Usage) -> dict[str, Json]:
    """The same as a `message_delta` tells it: cumulative, without the split of cache writes."""
    encoded = encode_usage(usage)
    del encoded["cache_creation"]
    return encoded
