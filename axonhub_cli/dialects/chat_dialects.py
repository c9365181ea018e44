"""DATA: how endpoints that speak OpenAI Chat Completions deviate. Sources stand at the quirks."""

from __future__ import annotations

from axonhub_cli.dialects.base import Dialect
from axonhub_cli.dialects.chat_quirks import (
    drop_attribution,
    drop_identity,
    drop_names,
    flat_text,
    format_as_text,
    inline_images_only,
    no_files,
    no_images,
    one_system,
    own_cache_key,
    schema_as_text,
    seed_for_random_seed,
    system_for_developer,
    use_max_completion_tokens,
    use_max_tokens,
    without_keywords,
)
from axonhub_cli.dialects.event_quirks import OwnToolIds, ThinkTags
from axonhub_cli.dialects.reasoning_quirks import (
    LOW_HIGH_MAX,
    UP_TO_HIGH,
    UP_TO_XHIGH,
    always_thinks,
    drop_reasoning,
    effort_when_off,
    enable_thinking,
    fixed_sampling,
    no_effort,
    no_thinking_field,
    parsed_reasoning,
    reasoning_as_tags,
    reasoning_in,
    reasoning_object,
    replay_reasoning,
    thinking_switch,
    tools_without_reasoning,
    whole_or_no_effort,
)
from axonhub_cli.dialects.request_quirks import clamp_max_tokens, clamp_range
from axonhub_cli.dialects.tool_quirks import (
    auto_tool_choice,
    drop_strict,
    forced_or_thinking,
    merge_tool_turns,
    nine_letter_ids,
    no_tool_choice,
    only_offered_tools,
    short_ids,
)
from axonhub_cli.dialects.walk import drop_fields, only, unless

_CHAT = "openai_chat"
UNKNOWN = "not known here, and an error"

_EVERYWHERE = (drop_attribution, drop_identity, only_offered_tools, clamp_max_tokens)
_COMPATIBLE = (*_EVERYWHERE, system_for_developer, use_max_tokens)
_TEXT_ONLY = (no_images, no_files, flat_text)
_NO_FILES = (no_files, flat_text)

# Dots are new models: `gpt-5.4` and later reason, but not beside tools in this protocol.
_REASONERS = ("o1*", "o3*", "o4*", "gpt-5*", "gpt-6*")
_TOOLS_OR_REASONING = ("gpt-5.[4-9]*", "gpt-6*")
_XHIGH = ("gpt-5.[2-9]*", "gpt-5.1-codex-max*", "gpt-6*")
_OPENAI = (
    *_EVERYWHERE,
    use_max_completion_tokens,
    drop_reasoning,
    short_ids,
    unless(no_effort, *_REASONERS),
    only(UP_TO_XHIGH, *_XHIGH),
    unless(UP_TO_HIGH, *_XHIGH),
    only(effort_when_off("none"), "gpt-5.[1-9]*", "gpt-6*"),
    only(unless(effort_when_off("minimal"), "*chat*"), "gpt-5", "gpt-5-*"),
    only(tools_without_reasoning, *_TOOLS_OR_REASONING),
    only(unless(fixed_sampling, "*chat*"), *_REASONERS),
)

# The names of the retired models say themselves whether they think.
_DEEPSEEK_NAMED = ("deepseek-chat", "deepseek-reasoner")
_DEEPSEEK_BLIND = ("deepseek-v4-pro*", *_DEEPSEEK_NAMED)
_GLM_EFFORT = ("glm-5.[2-9]*", "glm-[6-9]*")
_KIMI_EFFORT = ("kimi-k3*",)
_KIMI_ALWAYS = ("kimi-k3*", "kimi-k2.7-code*", "kimi-k2-thinking*")
_GROK_NO_EFFORT = (
    "grok-4",
    "grok-4-*",
    "grok-4.1*",
    "grok-4.20*",
    "grok-code*",
    "grok-3",
    "grok-3-fast*",
)

# Open models, whoever runs them, with chat templates of their own.
_OPEN_MODELS = (*_COMPATIBLE, one_system, *_NO_FILES)
_LOCAL = (*_OPEN_MODELS, UP_TO_HIGH)
_ROUTED = (*_EVERYWHERE, UP_TO_XHIGH, reasoning_object, reasoning_in("reasoning"))

_DIALECTS = (
    Dialect(
        "openai",
        _CHAT,
        (*_OPENAI, own_cache_key),
        relays=True,
        custom_tools=True,
        documents=True,
        developer=True,
        reasoning="none",
    ),
    Dialect("github-models", _CHAT, (*_OPENAI, no_files), developer=True, reasoning="none"),
    # Whatever it is: only what no server can mind. What a client of Chat says goes as it came.
    Dialect(
        "openai-compatible",
        _CHAT,
        (*_EVERYWHERE, one_system, UP_TO_HIGH),
        (ThinkTags,),
        relays=True,
        documents=True,
    ),
    Dialect(
        "deepseek",
        _CHAT,
        (
            *_COMPATIBLE,
            only(no_images, *_DEEPSEEK_BLIND),
            *_NO_FILES,
            schema_as_text,
            drop_strict,
            unless(forced_or_thinking("deepseek-reasoner"), "deepseek-chat"),
            unless(thinking_switch, *_DEEPSEEK_NAMED),
            only(no_effort, *_DEEPSEEK_NAMED),
            unless(replay_reasoning(""), "deepseek-chat"),
        ),
        json_schema=False,
    ),
    Dialect(
        "moonshot",
        _CHAT,
        (
            *_COMPATIBLE,
            *_NO_FILES,
            schema_as_text,
            drop_strict,
            only(fixed_sampling, "kimi-*"),
            only(unless(forced_or_thinking(*_KIMI_ALWAYS), *_KIMI_EFFORT), "kimi-*"),
            only(thinking_switch, "kimi-*"),
            unless(no_effort, *_KIMI_EFFORT),
            only(LOW_HIGH_MAX, *_KIMI_EFFORT),
            only(always_thinks, *_KIMI_ALWAYS),
            only(no_thinking_field, *_KIMI_EFFORT),
            only(replay_reasoning(" "), "kimi-*"),
            own_cache_key,
        ),
        json_schema=False,
    ),
    Dialect(
        "glm",
        _CHAT,
        (
            *_COMPATIBLE,
            unless(no_images, "glm-*v*"),
            *_NO_FILES,
            schema_as_text,
            drop_strict,
            drop_names,
            auto_tool_choice,
            # Usage comes with the last chunk whether asked for or not.
            drop_fields(UNKNOWN, "stream_options", "frequency_penalty", "presence_penalty"),
            clamp_range("temperature", 0.0, 1.0),
            clamp_range("top_p", 0.01, 1.0),
            thinking_switch,
            unless(no_effort, *_GLM_EFFORT),
            only(LOW_HIGH_MAX, *_GLM_EFFORT),
            only(always_thinks, "glm-5.3*"),
        ),
        stream_usage=False,
        images=False,
        json_schema=False,
    ),
    Dialect(
        "openrouter",
        _CHAT,
        _ROUTED,
        reasoning="reasoning",
        documents=True,
        developer=True,
    ),
    Dialect(
        "vercel",
        _CHAT,
        _ROUTED,
        reasoning="reasoning",
        documents=True,
    ),
    Dialect(
        "ollama",
        _CHAT,
        (
            *_COMPATIBLE,
            one_system,
            no_tool_choice,
            inline_images_only,
            *_NO_FILES,
            drop_fields("not known to Ollama", "logit_bias", "n", "parallel_tool_calls", "user"),
            reasoning_in("reasoning"),
            UP_TO_HIGH,
            effort_when_off("none"),
        ),
        (ThinkTags, OwnToolIds),
        reasoning="reasoning",
    ),
    Dialect("vllm", _CHAT, _LOCAL, (ThinkTags, OwnToolIds)),
    Dialect(
        "llama-cpp",
        _CHAT,
        # `Pattern must start with '^' and end with '$'` (llama.cpp, json-schema-to-grammar.cpp).
        (*_LOCAL, without_keywords("pattern", "propertyNames")),
        (ThinkTags, OwnToolIds),
    ),
    Dialect("lm-studio", _CHAT, _LOCAL, (ThinkTags, OwnToolIds)),
    Dialect(
        "siliconflow",
        _CHAT,
        (*_OPEN_MODELS, schema_as_text, enable_thinking),
        json_schema=False,
    ),
    Dialect("modelscope", _CHAT, (*_OPEN_MODELS, enable_thinking)),
    Dialect("bailian", _CHAT, (*_OPEN_MODELS, merge_tool_turns, enable_thinking)),
    Dialect("doubao", _CHAT, (*_COMPATIBLE, *_NO_FILES, thinking_switch, no_effort)),
    Dialect(
        "minimax",
        _CHAT,
        (
            *_COMPATIBLE,
            one_system,
            unless(no_images, "minimax-m3*"),
            *_NO_FILES,
            format_as_text,
            drop_strict,
            no_tool_choice,
            drop_fields(
                UNKNOWN,
                "reasoning_effort",
                "frequency_penalty",
                "presence_penalty",
                "parallel_tool_calls",
                "seed",
            ),
            reasoning_as_tags,
        ),
        (ThinkTags,),
        reasoning="tags",
        images=False,
        json_schema=False,
    ),
    Dialect(
        "xai",
        _CHAT,
        (
            *_EVERYWHERE,
            no_files,
            drop_reasoning,
            only(no_effort, *_GROK_NO_EFFORT),
            UP_TO_HIGH,
            only(
                drop_fields(
                    "Grok's reasoning models refuse it",
                    "presence_penalty",
                    "frequency_penalty",
                    "stop",
                ),
                "grok-3*",
                "grok-4*",
                "grok-code*",
            ),
        ),
    ),
    Dialect(
        "groq",
        _CHAT,
        (
            *_EVERYWHERE,
            one_system,
            *_NO_FILES,
            drop_reasoning,
            drop_names,
            drop_fields(UNKNOWN, "logprobs", "logit_bias", "top_logprobs", "n"),
            only(parsed_reasoning, "qwen*", "deepseek*"),
            unless(no_effort, "qwen*", "deepseek*", "gpt-oss*"),
            UP_TO_HIGH,
        ),
        reasoning="reasoning",
    ),
    Dialect(
        "mistral",
        _CHAT,
        (
            *_COMPATIBLE,
            one_system,
            no_files,
            drop_reasoning,
            nine_letter_ids,
            seed_for_random_seed,
            # Usage comes with the last chunk whether asked for or not.
            drop_fields(
                "extra inputs are not permitted",
                "stream_options",
                "user",
                "service_tier",
                "logit_bias",
                "logprobs",
            ),
            only(whole_or_no_effort, "mistral-small*", "mistral-medium*"),
            unless(no_effort, "mistral-small*", "mistral-medium*", "mistral-large-4*"),
        ),
        stream_usage=False,
    ),
    Dialect(
        "cerebras",
        _CHAT,
        (
            *_EVERYWHERE,
            one_system,
            *_TEXT_ONLY,
            drop_reasoning,
            unless(no_effort, "gpt-oss*", "*glm*"),
            UP_TO_HIGH,
            drop_fields(
                UNKNOWN,
                "frequency_penalty",
                "presence_penalty",
                "logit_bias",
                "parallel_tool_calls",
                "service_tier",
                "prompt_cache_key",
            ),
        ),
        reasoning="reasoning",
        images=False,
    ),
    Dialect("together", _CHAT, _LOCAL, (ThinkTags,), reasoning="reasoning"),
    Dialect("fireworks", _CHAT, _LOCAL, (ThinkTags,)),
    Dialect("nvidia", _CHAT, _LOCAL, (ThinkTags,)),
    Dialect(
        "aihubmix", _CHAT, (*_EVERYWHERE, only(use_max_completion_tokens, *_REASONERS), UP_TO_HIGH)
    ),
)

CHAT_DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in _DIALECTS}
