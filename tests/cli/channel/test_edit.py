from axonhub_cli.config.schema import Channel
from tests.support import plays
from tests.support.cli import Cli
from tests.support.home import channel
from tests.support.upstream import Upstream

TOKEN = "sk-ant-api03-" + "n" * 20


def main_channel(cli: Cli) -> Channel:
    found = cli.config().channel("main")
    assert found is not None
    return found


def test_what_is_given_is_changed_and_the_rest_stays(cli: Cli) -> None:
    cli.add_channel("main", "--tag", "a", "--weight", "5")
    before = main_channel(cli)
    cli.ok("channel", "edit", "main", "--priority", "2", "--tag", "")
    after = main_channel(cli)
    assert (after.priority, after.tags) == (2, ())
    assert (after.weight, after.tokens) == (5, before.tokens)


def test_comments_of_the_user_stay(cli: Cli) -> None:
    cli.add_channel("main")
    file = cli.home.paths.config_file
    file.write_text("# mine\n" + file.read_text())
    cli.ok("channel", "edit", "main", "--weight", "5")
    assert file.read_text().startswith("# mine\n")


def test_nothing_given_is_a_usage_error(cli: Cli) -> None:
    cli.add_channel("main")
    assert "nothing to change was given" in cli.fails("channel", "edit", "main")


def test_a_new_address_is_tested_and_named(cli: Cli, upstream: Upstream) -> None:
    cli.add_channel("main")
    result = cli.ok("channel", "edit", "main", "--base-url", upstream.url)
    assert "It works: claude-haiku-4-5 answered." in result.err
    result = cli.ok("channel", "edit", "main", "--base-url", "https://x.example.com", "--no-test")
    assert "The token will be sent to https://x.example.com." in result.err
    assert len(upstream.generations) == 1


def test_an_enabled_channel_stays_enabled_when_its_new_token_fails(
    cli: Cli, upstream: Upstream
) -> None:
    cli.home.configure(channel(upstream.url, models=["claude-a"]))
    upstream.script(plays.error(401, "authentication_error", "bad token"))
    said = cli.fails("channel", "edit", "main", "--token-stdin", stdin=TOKEN, code=1)
    assert "bad token" in said
    assert main_channel(cli).enabled


def test_a_disabled_channel_is_enabled_when_its_new_token_passes(
    cli: Cli, upstream: Upstream
) -> None:
    cli.home.configure(channel(upstream.url, models=["claude-a"], enabled=False))
    cli.ok("channel", "edit", "main", "--token-stdin", stdin=TOKEN)
    assert main_channel(cli).enabled
    assert upstream.generations[0].header("x-api-key") == TOKEN


def test_a_new_token_replaces_the_old_one_in_the_backend(cli: Cli) -> None:
    cli.add_channel("main", token="sk-ant-api03-" + "o" * 20)
    (old,) = main_channel(cli).tokens
    cli.ok("channel", "edit", "main", "--token-stdin", "--no-test", stdin=TOKEN)
    (new,) = main_channel(cli).tokens
    assert new != old
    assert TOKEN in cli.secrets() and "o" * 20 not in cli.secrets()


def test_a_new_token_can_be_asked_for(cli: Cli) -> None:
    cli.add_channel("main")
    cli.type_in(secret=TOKEN)
    cli.ok("channel", "edit", "main", "--ask-token", "--no-test")
    assert TOKEN in cli.secrets()


def test_a_channel_of_several_tokens_asks_which(cli: Cli) -> None:
    cli.home.configure(channel("http://127.0.0.1:9", tokens=["env:A", "env:B"]))
    said = cli.fails("channel", "edit", "main", "--token-stdin", stdin=TOKEN)
    assert "has 2 tokens: which one?" in said


def test_a_channel_is_switched_off_and_on(cli: Cli) -> None:
    cli.add_channel("main")
    cli.ok("channel", "disable", "main")
    assert not main_channel(cli).enabled
    cli.ok("channel", "enable", "main")
    assert main_channel(cli).enabled


def test_removing_asks_and_takes_the_secrets_along(cli: Cli) -> None:
    cli.add_channel("main", token=TOKEN)
    cli.add_channel("other", token="sk-ant-api03-" + "o" * 20)
    assert "add --yes to go ahead" in cli.fails("channel", "remove", "main")
    cli.type_in("n")
    assert cli("channel", "remove", "main").code == 1
    assert TOKEN in cli.secrets()
    cli.type_in("y")
    cli.ok("channel", "remove", "main")
    assert [c.name for c in cli.config().channels] == ["other"]
    assert TOKEN not in cli.secrets() and "o" * 20 in cli.secrets()


def test_a_secret_that_another_channel_names_stays(cli: Cli) -> None:
    cli.add_channel("main", token=TOKEN)
    (reference,) = main_channel(cli).tokens
    cli.home.configure(
        channel("http://127.0.0.1:9", tokens=[reference]),
        channel("http://127.0.0.1:9", "other", tokens=[reference]),
    )
    cli.ok("channel", "remove", "main", "--yes")
    assert TOKEN in cli.secrets()
    cli.ok("channel", "remove", "other", "--yes")
    assert TOKEN not in cli.secrets()


def test_renaming_keeps_the_tokens(cli: Cli) -> None:
    cli.add_channel("main", token=TOKEN)
    before = main_channel(cli).tokens
    cli.ok("channel", "rename", "main", "new")
    renamed = cli.config().channel("new")
    assert renamed is not None and renamed.tokens == before
    assert TOKEN in cli.secrets()


def test_renaming_to_a_taken_or_wrong_name_is_refused(cli: Cli) -> None:
    cli.add_channel("main")
    cli.add_channel("other")
    assert "there is a channel 'other' already" in cli.fails("channel", "rename", "main", "other")
    assert "is not a name" in cli.fails("channel", "rename", "main", "a b")


def test_renaming_a_channel_tells_of_prices_that_named_it(cli: Cli) -> None:
    cli.add_channel("old")
    with cli.home.paths.config_file.open("a") as file:
        file.write('\n[[prices]]\nmodel = "*"\nchannel = "old"\nrequest = 0.1\n')
    said = cli.ok("channel", "rename", "old", "new").err
    assert "prices of yours are for 'old'" in said
    assert "prices" not in cli.ok("channel", "rename", "new", "newer").err
