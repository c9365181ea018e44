"""DATA: how endpoints that speak Anthropic Messages deviate. Sources stand at the quirks."""

from __future__ import annotations

from axonhub_cli.dialects.anthropic_blocks import (
    inline_image_blocks,
    known_blocks,
    no_document_blocks,
    no_image_blocks,
    replay_thinking_blocks,
    unmark_thinking,
)
from axonhub_cli.dialects.anthropic_quirks import (
    drop_anthropic_only,
    drop_attribution_line,
    drop_user_id,
    effort_only,
    forced_or_thoughtful,
    no_cache_control,
    no_choice,
    no_output_config,
    plain_thinking,
    plain_tools,
    system_turns_as_user,
)
from axonhub_cli.dialects.base import Dialect, RequestQuirk
from axonhub_cli.dialects.event_quirks import MoonshotUsage
from axonhub_cli.dialects.request_quirks import clamp_max_tokens
from axonhub_cli.dialects.walk import only, unless

_HEADERS = ("anthropic-beta", "x-claude-code-")
_CLIENT = (drop_attribution_line, drop_user_id)
_PLAIN: tuple[RequestQuirk, ...] = (
    *_CLIENT,
    drop_anthropic_only,
    system_turns_as_user,
    plain_tools,
    known_blocks,
    unmark_thinking,
    clamp_max_tokens,
    plain_thinking,
)
_CLAUDE = ("claude*",)


def _dialect(
    name: str, *quirks: RequestQuirk, images: bool = True, documents: bool = False
) -> Dialect:
    return Dialect(
        f"{name}-anthropic",
        "anthropic",
        (*_PLAIN, *quirks),
        dropped_headers=_HEADERS,
        reasoning="blocks",
        images=images,
        documents=documents,
        json_schema=False,
    )


def _gateway(name: str) -> Dialect:
    """Claude through somebody else's gateway is Claude; other models are not."""
    return Dialect(
        f"{name}-anthropic",
        "anthropic",
        (*_CLIENT, *(unless(quirk, *_CLAUDE) for quirk in (*_PLAIN[2:], no_output_config))),
        dropped_headers=("x-claude-code-",),
        reasoning="blocks",
        documents=True,
    )


_LOCAL = (no_cache_control, no_output_config, inline_image_blocks, no_document_blocks)

_DIALECTS = (
    _dialect(
        "deepseek",
        only(no_image_blocks, "deepseek-v4-pro*", "deepseek-chat", "deepseek-reasoner"),
        no_document_blocks,
        effort_only,
        unless(forced_or_thoughtful("deepseek-reasoner"), "deepseek-chat"),
        unless(replay_thinking_blocks, "deepseek-chat"),
    ),
    Dialect(
        "moonshot-anthropic",
        "anthropic",
        (
            *_PLAIN,
            no_document_blocks,
            only(effort_only, "kimi-k3*"),
            unless(no_output_config, "kimi-k3*"),
            only(forced_or_thoughtful("kimi-k2.7-code*", "kimi-k2-thinking*"), "kimi-k2*"),
        ),
        (MoonshotUsage,),
        dropped_headers=_HEADERS,
        reasoning="blocks",
        json_schema=False,
    ),
    _dialect("glm", no_image_blocks, no_document_blocks, no_output_config, images=False),
    _dialect(
        "minimax",
        unless(no_image_blocks, "minimax-m3*"),
        no_document_blocks,
        no_output_config,
        images=False,
    ),
    _dialect("ollama", *_LOCAL, no_choice),
    _dialect("vllm", *_LOCAL),
    _dialect("llama-cpp", *_LOCAL),
    _dialect("lm-studio", *_LOCAL),
    _dialect("siliconflow", no_document_blocks, no_output_config),
    _dialect("modelscope", no_document_blocks, no_output_config),
    _dialect("bailian", no_document_blocks, no_output_config),
    _dialect("doubao", no_document_blocks, no_output_config),
    _dialect("fireworks", no_document_blocks, no_output_config),
    _gateway("openrouter"),
    _gateway("vercel"),
    _gateway("aihubmix"),
)

ANTHROPIC_DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in _DIALECTS}
