from axonhub_cli.providers import PROVIDERS
from axonhub_cli.providers.record import Provider


def test_the_form_of_a_token_is_the_protocols_own_or_the_providers() -> None:
    provider = Provider(
        "x", "X", {"openai_chat": "https://x"}, token_forms={"anthropic": "x-api-key"}
    )
    assert (provider.form("anthropic"), provider.form("openai_chat")) == ("x-api-key", "bearer")


def test_the_main_protocol_is_that_of_the_first_address_or_dialect() -> None:
    both = {"openai_chat": "https://x/v1", "anthropic": "https://x"}
    assert Provider("x", "X", both).protocol == "openai_chat"
    assert Provider("x", "X", {}, dialects={"openai_chat": "y"}).protocol == "openai_chat"
    assert Provider("x", "X", {}).protocol == "anthropic"


def test_opentelemetrys_well_known_names_are_used() -> None:
    """Semantic conventions 1.41, `gen_ai.provider.name`."""
    known = {
        "anthropic": ("claude-code", "anthropic-compatible"),
        "openai": ("openai-compatible",),
        "moonshot_ai": ("moonshot", "moonshot-intl"),
        "x_ai": ("xai",),
        "mistral_ai": ("mistral",),
    }
    for name, types in known.items():
        assert {PROVIDERS[type].otel_name for type in types} == {name}
    own = {"anthropic", "openai", "deepseek", "groq"}
    assert {PROVIDERS[type].otel_name or type for type in own} == own
