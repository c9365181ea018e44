import pytest

from axonhub_cli.providers import PROVIDERS
from axonhub_cli.providers.vendors import VENDORS
from axonhub_cli.routing.endpoints import call_url

# axonhub-behaviour.md § 4.3, and the vendors' pages.
CALLS = {
    "openai": ("https://api.openai.com/v1/chat/completions", None),
    "deepseek": (
        "https://api.deepseek.com/v1/chat/completions",
        "https://api.deepseek.com/anthropic/v1/messages",
    ),
    "moonshot": (
        "https://api.moonshot.cn/v1/chat/completions",
        "https://api.moonshot.cn/anthropic/v1/messages",
    ),
    "zhipu": (
        "https://open.bigmodel.cn/api/paas/v4/chat/completions",
        "https://open.bigmodel.cn/api/anthropic/v1/messages",
    ),
    "zai": (
        "https://api.z.ai/api/paas/v4/chat/completions",
        "https://api.z.ai/api/anthropic/v1/messages",
    ),
    "minimax": (
        "https://api.minimaxi.com/v1/chat/completions",
        "https://api.minimaxi.com/anthropic/v1/messages",
    ),
    "bailian": (
        "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
        "https://dashscope.aliyuncs.com/apps/anthropic/v1/messages",
    ),
    "doubao": (
        "https://ark.cn-beijing.volces.com/api/v3/chat/completions",
        "https://ark.cn-beijing.volces.com/api/compatible/v1/messages",
    ),
}


@pytest.mark.parametrize("type", CALLS)
def test_a_vendors_urls_are_those_of_its_documentation(type: str) -> None:
    chat, messages = CALLS[type]
    urls = PROVIDERS[type].endpoints
    assert call_url(urls["openai_chat"], "v1", "/chat/completions") == chat
    if messages is None:
        assert "anthropic" not in urls
    else:
        assert call_url(urls["anthropic"], "v1", "/messages") == messages


def test_a_second_platform_differs_in_its_addresses_only() -> None:
    for intl in VENDORS:
        if not intl.type.endswith("-intl"):
            continue
        home = PROVIDERS[intl.type.removesuffix("-intl")]
        assert (intl.models, intl.dialects, intl.caps) == (home.models, home.dialects, home.caps)
        assert not set(intl.endpoints.values()) & set(home.endpoints.values())


def test_the_first_cap_that_fits_is_the_narrowest() -> None:
    assert list(PROVIDERS["deepseek"].caps) == ["deepseek-chat", "deepseek-reasoner", "deepseek-*"]
    assert PROVIDERS["deepseek"].caps["deepseek-chat"] == 8192
