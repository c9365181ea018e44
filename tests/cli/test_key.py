import re

import pytest

from axonhub_cli.config.keys import hash_key
from axonhub_cli.config.schema import Key, Quota
from tests.support.cli import Cli

KEY = re.compile(r"ah-[0-9a-f]{64}")


def stored(cli: Cli, name: str = "ci") -> Key:
    found = cli.config().key(name)
    assert found is not None
    return found


def test_a_new_key_is_printed_once_and_only_its_hash_is_in_the_file(cli: Cli) -> None:
    result = cli.ok("key", "create", "ci")
    key = result.out.strip()
    assert KEY.fullmatch(key)
    assert "eval $(axonhub env --key ci)" in result.err
    assert key not in result.err
    assert stored(cli).hash == hash_key(key)
    assert key not in cli.home.paths.config_file.read_text()
    assert key in cli.secrets()


def test_a_key_is_made_with_profiles_of_which_the_first_is_active(cli: Cli) -> None:
    cli.ok("profile", "create", "a")
    cli.ok("profile", "create", "b")
    made = cli.ok("key", "create", "ci", "--profile", "b", "--profile", "a", "--json").json
    assert (made["name"], made["profiles"], made["active_profile"]) == ("ci", ["b", "a"], "b")
    assert KEY.fullmatch(made["key"])
    assert stored(cli).active_profile == "b"


def test_keys_are_listed_without_their_text(cli: Cli) -> None:
    assert "`axonhub env` makes the key `default`" in cli.ok("key").err
    assert cli.ok("key", "--json").json == []
    key = cli.ok("key", "create", "ci").out.strip()
    assert cli.ok("key", "list", "--json").json == [
        {"name": "ci", "enabled": True, "profiles": [], "active_profile": None}
    ]
    for argv in (
        ("key",),
        ("key", "--json"),
        ("key", "show", "ci"),
        ("key", "show", "ci", "--json"),
    ):
        result = cli.ok(*argv)
        assert key not in result.out + result.err
        assert "sha256" not in result.out


def test_a_key_is_shown_when_asked_for(cli: Cli) -> None:
    key = cli.ok("key", "create", "ci").out.strip()
    assert key in cli.ok("key", "show", "ci", "--reveal").out
    assert cli.ok("key", "show", "ci", "--reveal", "--json").json["key"] == key
    assert cli.ok("key", "show", "ci", "--json").json["key"] is None


def test_a_rotated_key_replaces_the_old_one_at_once(cli: Cli) -> None:
    old = cli.ok("key", "create", "ci").out.strip()
    new = cli.ok("key", "rotate", "ci").out.strip()
    assert KEY.fullmatch(new) and new != old
    assert stored(cli).hash == hash_key(new)
    assert old not in cli.secrets()
    assert cli.ok("key", "show", "ci", "--reveal", "--json").json["key"] == new
    assert cli.ok("key", "rotate", "ci", "--json").json["key"] not in (old, new)


def test_a_profile_is_bound_and_the_first_becomes_active(cli: Cli) -> None:
    cli.ok("key", "create", "ci")
    cli.ok("profile", "create", "a")
    cli.ok("profile", "create", "b")
    assert "active is a" in cli.ok("key", "bind", "ci", "a").err
    result = cli.ok("key", "bind", "ci", "b")
    assert "axonhub profile use b --key ci" in result.err
    assert (stored(cli).profiles, stored(cli).active_profile) == (("a", "b"), "a")


def test_a_key_is_switched_off_and_on(cli: Cli) -> None:
    cli.ok("key", "create", "ci")
    cli.ok("key", "disable", "ci")
    assert not stored(cli).enabled
    assert "no" in cli.ok("key").out.splitlines()[1].split()
    cli.ok("key", "enable", "ci")
    assert stored(cli).enabled


def test_removing_asks_and_takes_the_secret_along(cli: Cli) -> None:
    key = cli.ok("key", "create", "ci").out.strip()
    assert "add --yes" in cli.fails("key", "remove", "ci")
    cli.ok("key", "remove", "ci", "--yes")
    assert cli.config().keys == ()
    assert key not in cli.secrets()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("create", "ci"), "there is a key 'ci' already\nhint: `axonhub key rotate ci`"),
        (("create", "a b"), "is not a name"),
        (("create", "x", "--profile", "no"), "there is no profile 'no'"),
        (("show", "cii"), "there is no key 'cii': did you mean 'ci'?"),
        (("rotate", "co"), "there is no key 'co'"),
        (("remove", "co", "--yes"), "there is no key 'co'"),
        (("enable", "co"), "there is no key 'co'"),
        (("disable", "co"), "there is no key 'co'"),
        (("bind", "co", "p"), "there is no key 'co'"),
        (("bind", "ci", "no"), "there is no profile 'no'"),
    ],
)
def test_a_wrong_command_line_is_refused_and_changes_nothing(
    cli: Cli, argv: tuple[str, ...], said: str
) -> None:
    cli.ok("key", "create", "ci")
    before = (cli.config(), cli.secrets())
    assert said in cli.fails("key", *argv)
    assert (cli.config(), cli.secrets()) == before


def test_a_key_whose_text_is_gone_cannot_be_revealed(cli: Cli) -> None:
    cli.ok("key", "create", "ci")
    cli.home.paths.secrets_file.unlink()
    assert "key rotate" in cli.fails("key", "show", "ci", "--reveal")


def test_a_key_is_limited_and_freed_again(cli: Cli) -> None:
    cli.ok("key", "create", "ci")
    result = cli.ok("key", "limit", "ci", "--requests", "100", "--cost", "2", "--per", "month")
    assert result.err == "Key ci has a limit: 100 requests, 2 USD per month.\n"
    cli.ok("key", "limit", "ci", "--tokens", "5", "--per", "hour", "--sliding")
    key = cli.config().key("ci")
    assert key is not None
    assert key.quotas == (
        Quota(requests=100, cost=2.0, per="month"),
        Quota(tokens=5, per="hour", sliding=True),
    )
    cli.ok("key", "limit", "ci", "--no-quota", "--per", "hour")
    assert cli.ok("key", "limit", "ci", "--clear").err == "Key ci has no limit.\n"
    key = cli.config().key("ci")
    assert key is not None and key.quotas == ()
    assert "no limit was given" in cli.fails("key", "limit", "ci")
    assert "there is no key 'cj'" in cli.fails("key", "limit", "cj", "--tokens", "1")
