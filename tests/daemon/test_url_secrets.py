from typing import Any

from axonhub_cli.config.schema import Channel, Config
from axonhub_cli.daemon.url_secrets import secrets_in_urls


def found(**fields: Any) -> set[str]:
    return set(secrets_in_urls(Config(channels=(Channel(name="a", type="anthropic", **fields),))))


def test_a_proxys_password_and_a_base_urls_key_are_known() -> None:
    assert found(proxy="socks5://me:hunter%202@127.0.0.1:1080") == {"hunter 2"}
    assert found(base_url="https://a.test/v1?subscription-key=k%2B1&version=2#") == {"k+1"}
    both = found(
        endpoints={"openai_chat": "https://a.test?sig=abc"}, base_url="https://b.test?key=x"
    )
    assert both == {"abc", "x"}


def test_urls_without_a_credential_have_none() -> None:
    assert found() == set()
    assert found(proxy="http://127.0.0.1:3128", base_url="https://a.test/v1?version=2") == set()
    assert found(proxy="http://[::1", base_url="https://a.test/##") == set()
