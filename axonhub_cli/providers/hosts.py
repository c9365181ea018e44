"""DATA: who serves models of others (their documentation, read 2026-11)."""

from __future__ import annotations

from axonhub_cli.providers.record import Provider


def _siliconflow(type: str, title: str, domain: str) -> Provider:
    return Provider(
        type=type,
        title=title,
        endpoints={
            "openai_chat": f"https://api.siliconflow.{domain}/v1",
            "anthropic": f"https://api.siliconflow.{domain}",
        },
        otel_name="siliconflow",
        models=("deepseek-ai/DeepSeek-V4-Flash", "zai-org/GLM-4.7", "*/*"),
        token_url=f"https://cloud.siliconflow.{domain}/account/ak",
        dialects={"openai_chat": "siliconflow", "anthropic": "siliconflow-anthropic"},
        tested=True,
    )


HOSTS = (
    Provider(
        type="openrouter",
        title="OpenRouter",
        endpoints={
            "openai_chat": "https://openrouter.ai/api/v1",
            "anthropic": "https://openrouter.ai/api",
        },
        models=("openai/gpt-5.4-mini", "anthropic/claude-sonnet-4.5", "*/*"),
        token_url="https://openrouter.ai/settings/keys",
        dialects={"openai_chat": "openrouter", "anthropic": "openrouter-anthropic"},
        tested=True,
    ),
    Provider(
        type="vercel",
        title="Vercel AI Gateway",
        endpoints={
            "openai_chat": "https://ai-gateway.vercel.sh/v1",
            "anthropic": "https://ai-gateway.vercel.sh",
        },
        models=("openai/gpt-5.4-mini", "anthropic/claude-sonnet-4.5", "*/*"),
        token_url="https://vercel.com/ai-gateway",
        dialects={"openai_chat": "vercel", "anthropic": "vercel-anthropic"},
        tested=True,
    ),
    _siliconflow("siliconflow", "SiliconFlow, China", "cn"),
    _siliconflow("siliconflow-intl", "SiliconFlow", "com"),
    Provider(
        type="groq",
        title="Groq",
        endpoints={"openai_chat": "https://api.groq.com/openai/v1"},
        models=("openai/gpt-oss-120b", "llama-3.3-70b-versatile", "*/*", "llama-*"),
        token_url="https://console.groq.com/keys",
        dialects={"openai_chat": "groq"},
        caps={"gpt-oss-*": 65_536, "llama-3.3-70b-versatile": 32_768},
        tested=True,
    ),
    Provider(
        type="cerebras",
        title="Cerebras Inference",
        endpoints={"openai_chat": "https://api.cerebras.ai/v1"},
        models=("gpt-oss-120b", "gpt-oss-*", "llama*", "qwen-*", "zai-glm-*"),
        token_url="https://cloud.cerebras.ai/platform",
        dialects={"openai_chat": "cerebras"},
        caps={"gpt-oss-*": 32_768},
        tested=True,
    ),
    Provider(
        type="together",
        title="Together AI",
        endpoints={"openai_chat": "https://api.together.xyz/v1"},
        models=("openai/gpt-oss-120b", "*/*"),
        token_url="https://api.together.ai/settings/api-keys",
        dialects={"openai_chat": "together"},
    ),
    Provider(
        type="fireworks",
        title="Fireworks AI",
        endpoints={
            "openai_chat": "https://api.fireworks.ai/inference/v1",
            "anthropic": "https://api.fireworks.ai/inference",
        },
        models=(
            "accounts/fireworks/models/kimi-k2p6",
            "accounts/fireworks/models/glm-5p2",
            "accounts/*",
        ),
        token_url="https://app.fireworks.ai/settings/users/api-keys",
        dialects={"openai_chat": "fireworks", "anthropic": "fireworks-anthropic"},
    ),
    Provider(
        type="nvidia",
        title="NVIDIA NIM",
        endpoints={"openai_chat": "https://integrate.api.nvidia.com/v1"},
        models=("openai/gpt-oss-120b", "*/*"),
        token_url="https://build.nvidia.com/settings/api-keys",
        dialects={"openai_chat": "nvidia"},
    ),
    Provider(
        type="github-models",
        title="GitHub Models",
        # There is no version in its paths.
        endpoints={"openai_chat": "https://models.github.ai/inference#"},
        models=("openai/gpt-5-mini", "openai/gpt-4.1", "*/*"),
        token_url="https://github.com/settings/personal-access-tokens",
        token_prompt="Personal access token with `models: read`",
        dialects={"openai_chat": "github-models"},
        caps={"gpt-4.1*": 32_768, "gpt-4o*": 16_384},
        models_path="https://models.github.ai/catalog/models",
    ),
    Provider(
        type="aihubmix",
        title="AiHubMix",
        endpoints={"openai_chat": "https://aihubmix.com/v1", "anthropic": "https://aihubmix.com"},
        models=("gpt-5.4-mini", "claude-sonnet-4-5", "*"),
        token_url="https://aihubmix.com",
        dialects={"openai_chat": "aihubmix", "anthropic": "aihubmix-anthropic"},
    ),
    Provider(
        type="modelscope",
        title="ModelScope",
        endpoints={
            "openai_chat": "https://api-inference.modelscope.cn/v1",
            "anthropic": "https://api-inference.modelscope.cn",
        },
        models=("Qwen/Qwen3-Coder-480B-A35B-Instruct", "*/*"),
        token_url="https://modelscope.cn/my/myaccesstoken",
        token_prompt="Access token",
        dialects={"openai_chat": "modelscope", "anthropic": "modelscope-anthropic"},
    ),
    Provider(
        type="openai-compatible",
        title="Any endpoint that speaks OpenAI Chat Completions",
        endpoints={},
        otel_name="openai",
        models=("*",),
        dialects={"openai_chat": "openai-compatible"},
        tested=True,
    ),
)
