"""Tokens, as Chat counts them: the prompt with its cached part, the answer with its reasoning.

    prompt_tokens = input + cache_read + cache_write        completion_tokens = output

Where providers count otherwise: DeepSeek's `prompt_cache_hit_tokens`, Moonshot's `cached_tokens`,
OpenRouter's `cache_write_tokens`, LiteLLM's Anthropic names (`server_tool_use` too); relays that
leave the cached part out of the prompt (seen where it is larger than the prompt); xAI leaves the
reasoning out of the answer (seen where the total includes it).
"""

from __future__ import annotations

from axonhub_cli.ir.response import Usage
from axonhub_cli.jsonio import Json
from axonhub_cli.protocols.read import as_count, as_dict


def decode_usage(value: Json) -> Usage:
    """What is told is taken, what is not stays None."""
    if not isinstance(value, dict):
        return Usage()
    inside = as_dict(value.get("prompt_tokens_details"))
    outside = as_dict(value.get("completion_tokens_details"))
    prompt, output = _count(value, "prompt_tokens"), _count(value, "completion_tokens")
    read = _first(
        _count(inside, "cached_tokens"),
        _count(value, "prompt_cache_hit_tokens"),
        _count(value, "cached_tokens"),
        _count(value, "cache_read_input_tokens"),
    )
    write = _first(
        _count(inside, "cache_write_tokens"),
        _count(inside, "cache_creation_tokens"),
        _count(inside, "write_cached_tokens"),
        _count(value, "cache_creation_input_tokens"),
    )
    reasoning = _first(_count(outside, "reasoning_tokens"), _count(value, "reasoning_tokens"))
    return Usage(
        input=_without_cache(prompt, (read or 0) + (write or 0)),
        cache_read=read,
        cache_write=write,
        output=_with_reasoning(_count(value, "total_tokens"), prompt, output, reasoning),
        reasoning=reasoning,
        web_searches=_count(as_dict(value.get("server_tool_use")), "web_search_requests") or None,
        input_audio=_count(inside, "audio_tokens") or None,
        cache_read_audio=_count(as_dict(inside.get("cached_tokens_details")), "audio_tokens")
        or None,
        input_image=_count(inside, "image_tokens") or None,
        output_audio=_count(outside, "audio_tokens") or None,
        output_image=_count(outside, "image_tokens") or None,
    )


def tells_all(value: Json) -> bool:
    """False where something is charged for apart that no price of the list is meant for: xAI's
    sources of a live search (docs.x.ai, "Live Search"), Perplexity's searches and citations
    (docs.perplexity.ai, "Pricing"; both read 2026-11)."""
    return not (isinstance(value, dict) and any(_count(value, name) for name in _APART))


_APART = ("num_sources_used", "num_search_queries", "citation_tokens")


def counts_something(value: Json) -> bool:
    """Has it any count but zeros? Some send a usage of zeros with the first or the last chunk."""
    if isinstance(value, dict) and as_count(value.get("prompt_tokens")):
        return True
    return decode_usage(value).tells


def encode_usage(usage: Usage) -> dict[str, Json] | None:
    """None where nothing is known: zeros would be taken for true."""
    if usage.input is None and usage.output is None and usage.cache_read is None:
        return None
    prompt = (usage.input or 0) + (usage.cache_read or 0) + (usage.cache_write or 0)
    output = usage.output or 0
    inside = {"cached_tokens": usage.cache_read or 0}
    if usage.cache_write:
        inside["cache_write_tokens"] = usage.cache_write
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": inside,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning or 0},
    }


def _without_cache(prompt: int | None, cached: int) -> int | None:
    if prompt is None:
        return None
    return prompt - cached if prompt >= cached else prompt


def _with_reasoning(
    total: int | None, prompt: int | None, output: int | None, reasoning: int | None
) -> int | None:
    if output is None or not reasoning or total is None:
        return output
    apart = total == (prompt or 0) + output + reasoning
    return output + reasoning if apart else output


def _count(value: dict[str, Json], name: str) -> int | None:
    return as_count(value.get(name))


def _first(*counts: int | None) -> int | None:
    """The first that says something; a zero only where none says more."""
    told = [count for count in counts if count is not None]
    return next((count for count in told if count), told[0] if told else None)
