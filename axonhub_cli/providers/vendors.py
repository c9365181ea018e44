"""DATA: makers of models (their documentation, read 2026-11; axonhub-behaviour.md § 4.3).

Where a vendor runs two platforms, keys of one open nothing at the other: `-intl` is the second.
"""

from __future__ import annotations

from axonhub_cli.providers.record import Provider

_GLM_CAPS = {"glm-4.5*": 98_304, "glm-4.6*": 131_072, "glm-4.7*": 131_072, "glm-5*": 131_072}
_GLM_MODELS = ("glm-5.2", "glm-4.7", "glm-4.5-air", "glm-*")
_KIMI_MODELS = ("kimi-k2.6", "kimi-k3", "kimi-*", "moonshot-v1-*")
_MINIMAX_MODELS = ("MiniMax-M3", "MiniMax-M2.7", "MiniMax-*")
# `Range of max_tokens should be [1, 32768]`, and the like (Model Studio, "Models").
_QWEN_CAPS = {
    "qwen3-max*": 65_536,
    "qwen3-coder-*": 65_536,
    "qwen-max*": 8_192,
    "qwen-plus*": 32_768,
    "qwen-flash*": 32_768,
    "qwen-turbo*": 16_384,
}
_QWEN_MODELS = ("qwen-plus", "qwen3-coder-plus", "qwen*", "qwq*")


def _moonshot(type: str, title: str, host: str, token_url: str) -> Provider:
    return Provider(
        type=type,
        title=title,
        endpoints={"openai_chat": f"https://{host}/v1", "anthropic": f"https://{host}/anthropic"},
        otel_name="moonshot_ai",
        models=_KIMI_MODELS,
        token_url=token_url,
        dialects={"openai_chat": "moonshot", "anthropic": "moonshot-anthropic"},
        tested=True,
    )


def _glm(type: str, title: str, host: str, token_url: str) -> Provider:
    return Provider(
        type=type,
        title=title,
        endpoints={
            "openai_chat": f"https://{host}/api/paas/v4",
            "anthropic": f"https://{host}/api/anthropic",
        },
        models=_GLM_MODELS,
        token_url=token_url,
        dialects={"openai_chat": "glm", "anthropic": "glm-anthropic"},
        caps=_GLM_CAPS,
        tested=True,
    )


def _minimax(type: str, title: str, host: str, token_url: str) -> Provider:
    return Provider(
        type=type,
        title=title,
        endpoints={"openai_chat": f"https://{host}/v1", "anthropic": f"https://{host}/anthropic"},
        otel_name="minimax",
        models=_MINIMAX_MODELS,
        token_url=token_url,
        dialects={"openai_chat": "minimax", "anthropic": "minimax-anthropic"},
        tested=True,
    )


def _bailian(type: str, title: str, host: str, token_url: str) -> Provider:
    return Provider(
        type=type,
        title=title,
        endpoints={
            "openai_chat": f"https://{host}/compatible-mode/v1",
            "anthropic": f"https://{host}/apps/anthropic",
        },
        otel_name="bailian",
        models=_QWEN_MODELS,
        token_url=token_url,
        dialects={"openai_chat": "bailian", "anthropic": "bailian-anthropic"},
        caps=_QWEN_CAPS,
        tested=True,
    )


def _ark(type: str, title: str) -> Provider:
    return Provider(
        type=type,
        title=title,
        endpoints={
            "openai_chat": "https://ark.cn-beijing.volces.com/api/v3",
            "anthropic": "https://ark.cn-beijing.volces.com/api/compatible",
        },
        models=("doubao-seed-1-8-251228", "doubao-seed-code-preview-251028", "doubao-*"),
        token_url="https://console.volcengine.com/ark",
        dialects={"openai_chat": "doubao", "anthropic": "doubao-anthropic"},
        caps={"doubao-seed-1*": 32_768},
        models_path=None,
        tested=True,
    )


VENDORS = (
    Provider(
        type="openai",
        title="OpenAI API",
        endpoints={"openai_chat": "https://api.openai.com/v1"},
        models=("gpt-5.4-mini", "gpt-5.5", "gpt-*", "o1*", "o3*", "o4*"),
        token_url="https://platform.openai.com/api-keys",
        dialects={"openai_chat": "openai"},
        caps={
            "gpt-5-chat*": 16_384,
            "gpt-5*": 128_000,
            "gpt-4.1*": 32_768,
            "gpt-4o*": 16_384,
            "gpt-4*": 4_096,
            "gpt-3.5*": 4_096,
            "o[134]*": 100_000,
        },
        tested=True,
    ),
    Provider(
        type="deepseek",
        title="DeepSeek API",
        endpoints={
            "openai_chat": "https://api.deepseek.com/v1",
            "anthropic": "https://api.deepseek.com/anthropic",
        },
        models=(
            "deepseek-flash",
            "deepseek-v4-pro",
            "deepseek-chat",
            "deepseek-reasoner",
            "deepseek-*",
        ),
        token_form="bearer",
        token_forms={"anthropic": "x-api-key"},
        token_url="https://platform.deepseek.com/api_keys",
        dialects={"openai_chat": "deepseek", "anthropic": "deepseek-anthropic"},
        # `the valid range of max_tokens is [1, 8192]` (known-failures 15), for the older two.
        caps={"deepseek-chat": 8_192, "deepseek-reasoner": 8_192, "deepseek-*": 384_000},
        tested=True,
    ),
    _moonshot(
        "moonshot",
        "Moonshot AI (Kimi), China",
        "api.moonshot.cn",
        "https://platform.moonshot.cn/console/api-keys",
    ),
    _moonshot(
        "moonshot-intl",
        "Moonshot AI (Kimi)",
        "api.moonshot.ai",
        "https://platform.moonshot.ai/console/api-keys",
    ),
    _glm(
        "zhipu",
        "Zhipu AI (GLM), China",
        "open.bigmodel.cn",
        "https://open.bigmodel.cn/usercenter/apikeys",
    ),
    _glm("zai", "Z.ai (GLM)", "api.z.ai", "https://z.ai/manage-apikey/apikey-list"),
    _minimax("minimax", "MiniMax, China", "api.minimaxi.com", "https://platform.minimaxi.com"),
    _minimax("minimax-intl", "MiniMax", "api.minimax.io", "https://platform.minimax.io"),
    _bailian(
        "bailian",
        "Alibaba Model Studio (Qwen), China",
        "dashscope.aliyuncs.com",
        "https://bailian.console.aliyun.com/?tab=model#/api-key",
    ),
    _bailian(
        "bailian-intl",
        "Alibaba Model Studio (Qwen)",
        "dashscope-intl.aliyuncs.com",
        "https://modelstudio.console.alibabacloud.com",
    ),
    _ark("volcengine", "Volcengine Ark"),
    _ark("doubao", "Volcengine Ark (Doubao)"),
    Provider(
        type="xai",
        title="xAI (Grok)",
        endpoints={"openai_chat": "https://api.x.ai/v1"},
        otel_name="x_ai",
        models=("grok-4.3", "grok-4.5", "grok-*"),
        token_url="https://console.x.ai",
        dialects={"openai_chat": "xai"},
        tested=True,
    ),
    Provider(
        type="mistral",
        title="Mistral AI",
        endpoints={"openai_chat": "https://api.mistral.ai/v1"},
        otel_name="mistral_ai",
        models=(
            "mistral-small-latest",
            "mistral-medium-latest",
            "mistral-*",
            "devstral-*",
            "codestral-*",
            "magistral-*",
            "ministral-*",
        ),
        token_url="https://console.mistral.ai/api-keys",
        dialects={"openai_chat": "mistral"},
        tested=True,
    ),
)
