from axonhub_cli.providers.anthropic import ANTHROPIC


def test_anthropic_itself_has_no_dialect_so_that_every_byte_is_relayed() -> None:
    assert not any(provider.dialects for provider in ANTHROPIC)


def test_only_anthropics_own_addresses_get_the_identity_line() -> None:
    own = {provider.type for provider in ANTHROPIC if provider.identity}
    assert own == {"claude-code", "anthropic"}
