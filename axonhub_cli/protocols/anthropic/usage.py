"""Tokens: Anthropic's counts to the hub's and back.

`input_tokens` is what was neither read from the cache nor written to it
(docs.anthropic.com/en/docs/build-with-claude/prompt-caching, read 2026-11).
`iterations` lists the models' runs where there were several: the totals leave out those that
compacted the conversation, which are charged for all the same
(platform.claude.com/docs/en/build-with-claude/compaction, "Understanding usage", read 2026-11), and
those of other models, which `runs.py` is about.
"""

from __future__ import annotations

from axonhub_cli.ir.response import Usage, sum_counts
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.read import as_count, as_dict, as_list

_COMPACTION, _MESSAGE, _FALLBACK = "compaction", "message", "fallback_message"


def decode_usage(value: Json) -> Usage:
    """Tolerant: some relays give nulls, `cached_tokens`, or take the cached tokens off twice."""
    if not isinstance(value, dict):
        return Usage()
    total = counts_of(value)
    if not value.get("iterations"):
        return total
    runs = [run for run in as_list(value["iterations"]) if isinstance(run, dict)]
    return _with_runs(total, runs) if runs else total


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


def counts_of(value: dict[str, Json]) -> Usage:
    """The counts as they stand in a usage, or in one of its iterations."""
    five = hour = None
    if split := as_dict(value.get("cache_creation")):
        five = as_count(split.get("ephemeral_5m_input_tokens"))
        hour = as_count(split.get("ephemeral_1h_input_tokens"))
    write = as_count(value.get("cache_creation_input_tokens"))
    if five is not None or hour is not None:
        write = max(write or 0, (five or 0) + (hour or 0))
    read = as_count(value.get("cache_read_input_tokens"))
    if read is None:
        read = as_count(value.get("cached_tokens"))
    fresh = as_count(value.get("input_tokens"), least=-(10**9))
    if fresh is not None and fresh < 0:
        fresh = max(fresh + (read or 0), 0)
    return Usage(
        input=fresh,
        cache_read=read,
        cache_write=write,
        cache_write_5m=five,
        cache_write_1h=hour,
        output=as_count(value.get("output_tokens")),
        reasoning=as_count(as_dict(value.get("output_tokens_details")).get("thinking_tokens")),
        web_searches=as_count(as_dict(value.get("server_tool_use")).get("web_search_requests")),
    )


def _with_runs(total: Usage, runs: list[dict[str, Json]]) -> Usage:
    """The larger of the total and the sum of the runs: with an advisor some totals are of the
    first run alone ("Advisor tool", Usage and billing). To it, compactions are added."""
    compactions = sum_counts([counts_of(run) for run in runs if run.get("type") == _COMPACTION])
    own = [counts_of(run) for run in runs if run.get("type") == _MESSAGE]
    if any(run.get("type") == _FALLBACK for run in runs):
        own = []  # they are another model's, which declined
    messages = sum_counts(own)
    values = {}
    for name in Usage.__struct_fields__:
        told, message, more = (getattr(part, name) for part in (total, messages, compactions))
        known = max((count for count in (told, message) if count is not None), default=None)
        values[name] = known if more is None else (known or 0) + more
    return Usage(**values)
