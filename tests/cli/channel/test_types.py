from axonhub_cli.providers import PROVIDERS
from tests.support.cli import Cli


def test_every_preset_is_listed_with_its_address_and_the_source_of_its_token(cli: Cli) -> None:
    shown = cli.ok("channel", "types").out
    for provider in PROVIDERS.values():
        assert f"\n{provider.type} " in shown
        for url in provider.endpoints.values():
            assert url in shown
        assert provider.token_url in shown


def test_the_same_in_json_names_no_pattern(cli: Cli) -> None:
    found = cli.ok("channel", "types", "--json").json
    assert [entry["type"] for entry in found] == list(PROVIDERS)
    claude = found[0]
    assert claude["token"] == "claude setup-token"
    assert claude["protocols"] == ["anthropic"]
    assert not any("*" in model for entry in found for model in entry["models"])
