"""Which key a client shows, wherever it shows it, and which profile it may use."""

from __future__ import annotations

import pytest

from axonhub_cli.config.keys import hash_key
from axonhub_cli.config.schema import Config, Key, Profile
from axonhub_cli.daemon.auth import authenticate, choose_profile
from axonhub_cli.errors import ClientError

GOOD = "ah-" + "0" * 64
OFF = "ah-" + "1" * 64
WRONG = "ah-" + "2" * 64
FOREIGN = "sk-ant-api03-" + "x" * 8
ODD = "a-key-of-another-form"

KEYS = {
    hash_key(text): Key(name, hash_key(text), enabled=name != "off")
    for name, text in (("good", GOOD), ("off", OFF), ("odd", ODD))
}


def headers(*pairs: tuple[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in pairs]


def refusal(*pairs: tuple[str, str]) -> ClientError:
    with pytest.raises(ClientError) as caught:
        authenticate(headers(*pairs), KEYS)
    return caught.value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", f"Bearer {GOOD}"),
        ("authorization", f"bearer   {GOOD}  "),
        ("authorization", f"BEARER {GOOD}"),
        ("authorization", GOOD),
        ("authorization", f"Token {GOOD}"),
        ("x-api-key", GOOD),
        ("x-api-key", f" {GOOD} "),
        ("x-api-key", f"Bearer {GOOD}"),
        ("x-goog-api-key", GOOD),
        ("api-key", GOOD),
        ("x-api-key", ODD),
    ],
)
def test_a_key_counts_in_any_header_for_credentials(name: str, value: str) -> None:
    assert authenticate(headers((name, value)), KEYS).name in ("good", "odd")


@pytest.mark.parametrize(
    "pairs",
    [
        [("authorization", f"Bearer {FOREIGN}"), ("x-api-key", GOOD)],
        [("x-api-key", FOREIGN), ("authorization", f"Bearer {GOOD}")],
        [("x-api-key", GOOD), ("authorization", f"Bearer {FOREIGN}")],
        [("authorization", "Basic dTpw"), ("x-api-key", GOOD)],
        [("x-api-key", FOREIGN), ("x-api-key", GOOD)],
        [("authorization", f"Bearer {GOOD}"), ("x-api-key", GOOD)],
        [("authorization", f"Bearer {ODD}"), ("x-goog-api-key", GOOD)],
        [("authorization", "Bearer "), ("x-api-key", GOOD)],
        [("x-api-key", ""), ("api-key", GOOD)],
    ],
)
def test_of_several_credentials_the_one_of_ours_counts(pairs: list[tuple[str, str]]) -> None:
    assert authenticate(headers(*pairs), KEYS).name == "good"


def test_a_key_of_ours_that_is_wrong_hides_nothing_behind_it() -> None:
    """What begins `ah-` is meant for us: a foreign credential beside it opens no door."""
    error = refusal(("x-api-key", WRONG), ("authorization", f"Bearer {ODD}"))
    assert error.kind == "authentication"


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([], "no key was sent"),
        ([("x-api-key", "")], "no key was sent"),
        ([("authorization", "Bearer ")], "no key was sent"),
        ([("authorization", "  ")], "no key was sent"),
        ([("cookie", f"key={GOOD}"), ("x-key", GOOD)], "no key was sent"),
        ([("x-api-key", WRONG)], "not one of axonhub's"),
        ([("x-api-key", GOOD[:-1])], "not one of axonhub's"),
        ([("x-api-key", GOOD + "0")], "not one of axonhub's"),
        ([("x-api-key", GOOD.upper())], "no axonhub key"),
        ([("x-api-key", hash_key(GOOD))], "no axonhub key"),
        ([("x-api-key", FOREIGN)], "no axonhub key"),
        ([("authorization", "Basic dXNlcjpwYXNz")], "no axonhub key"),
        ([("x-api-key", "ah-\xff\xe9")], "not one of axonhub's"),
        ([("x-api-key", "é")], "no axonhub key"),
        ([("x-api-key", "ah-" + "0" * 100_000)], "not one of axonhub's"),
        ([("x-api-key", "\x00")], "no axonhub key"),
    ],
)
def test_what_is_no_key_is_a_401_with_the_way_out(pairs: list[tuple[str, str]], words: str) -> None:
    error = refusal(*pairs)
    assert error.kind == "authentication"
    assert words in error.message
    assert "axonhub env" in (error.hint or "")
    for _, value in pairs:
        assert not value.strip() or value not in error.message + (error.hint or "")


def test_a_disabled_key_is_a_403_that_names_it() -> None:
    error = refusal(("authorization", f"Bearer {OFF}"))
    assert error.kind == "permission"
    assert "'off' is disabled" in error.message
    assert error.hint == "axonhub key enable off"


def test_without_any_key_configured_nobody_passes() -> None:
    with pytest.raises(ClientError):
        authenticate(headers(("x-api-key", GOOD)), {})


PROFILES = Config(profiles=(Profile("one"), Profile("two"), Profile("other")))
BOUND = Key("k", "", profiles=("one", "two"), active_profile="one")


def test_the_active_profile_is_the_default() -> None:
    assert choose_profile([], BOUND, PROFILES) == Profile("one")
    assert choose_profile([], Key("k", ""), PROFILES) is None


def test_a_request_may_name_another_of_the_keys_profiles() -> None:
    assert choose_profile(headers(("ah-profile", "two")), BOUND, PROFILES) == Profile("two")
    two = headers(("ah-profile", "two"), ("ah-profile", "one"))
    assert choose_profile(two, BOUND, PROFILES) == Profile("two")


@pytest.mark.parametrize("name", ["other", "missing", "", "ONE", "öne", "one,two", "../one"])
def test_any_other_profile_is_a_403(name: str) -> None:
    with pytest.raises(ClientError) as caught:
        choose_profile(headers(("ah-profile", name)), BOUND, PROFILES)
    assert caught.value.kind == "permission"
    assert repr(name) in caught.value.message
