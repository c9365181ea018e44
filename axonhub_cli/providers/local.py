"""DATA: engines on the user's own machine, at their usual ports (their documentation, 2026-11)."""

from __future__ import annotations

from axonhub_cli.providers.record import Provider


def _engine(type: str, title: str, port: int, *models: str) -> Provider:
    return Provider(
        type=type,
        title=title,
        endpoints={
            "openai_chat": f"http://localhost:{port}/v1",
            "anthropic": f"http://localhost:{port}",
        },
        models=(*models, "*"),
        token_optional=True,
        dialects={"openai_chat": type, "anthropic": f"{type}-anthropic"},
        tested=True,
    )


# What is loaded, only the user knows; a llama-server has one model, whatever it is called.
LOCAL = (
    _engine("ollama", "Ollama on this machine", 11434, "gpt-oss:20b", "qwen3-coder"),
    _engine("vllm", "vLLM on this machine", 8000),
    _engine("llama-cpp", "llama.cpp's llama-server on this machine", 8080, "default"),
    _engine("lm-studio", "LM Studio on this machine", 1234, "openai/gpt-oss-20b"),
)
