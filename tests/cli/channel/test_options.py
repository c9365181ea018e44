import pytest

from axonhub_cli.cli.channel.flags import Flags, read_changes
from axonhub_cli.cli.channel.options import type_names
from axonhub_cli.errors import UsageError


def test_what_is_not_given_changes_nothing() -> None:
    assert read_changes(Flags()) == {}


def test_an_empty_text_clears_a_value() -> None:
    flags = Flags(base_url="", endpoint=[""], model=[""], map=[""], tag=[""], proxy="")
    assert read_changes(flags) == dict.fromkeys(
        ("base_url", "endpoints", "models", "mappings", "tags", "proxy")
    )


def test_lists_are_repeated_or_separated_by_commas() -> None:
    assert read_changes(Flags(model=["a, b", "c", "a"]))["models"] == ["a", "b", "c"]


def test_a_mapping_is_split_at_its_last_equals_sign() -> None:
    flags = Flags(map=["(?=.*x).*=glm", " a = b "])
    assert read_changes(flags)["mappings"] == [
        {"from": "(?=.*x).*", "to": "glm"},
        {"from": "a", "to": "b"},
    ]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (Flags(type="echoo"), "did you mean 'echo'?"),
        (Flags(base_url="ftp://x"), "--base-url: 'ftp://x' is not an http:// or https:// URL"),
        (Flags(base_url="https://u:p@x"), "must not hold a user or password"),
        (Flags(base_url="https://x/v1/messages"), "the address of one call"),
        (Flags(endpoint=["x"]), "'x' is not PROTOCOL=URL"),
        (Flags(endpoint=["anthropc=https://x"]), "did you mean 'anthropic'?"),
        (Flags(endpoint=["anthropic=x"]), "--endpoint: 'x' is not"),
        (Flags(map=["x"]), "'x' is not FROM=TO"),
        (Flags(map=["x="]), "'x=' is not FROM=TO"),
        (Flags(map=["a(=b"]), "--map: 'a(' is not a regular expression"),
        (Flags(weight=101), "--weight: 101 is not between 0 and 100"),
        (Flags(weight=-1), "--weight: -1 is not between 0 and 100"),
        (Flags(proxy="127.0.0.1:1"), "--proxy: not an http://"),
    ],
)
def test_a_wrong_value_is_refused_with_its_flag(flags: Flags, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_changes(flags)
    assert said in caught.value.message


def test_the_mended_address_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        read_changes(Flags(base_url="https://x/api/v1/messages"))
    assert caught.value.hint is not None
    assert "--base-url https://x/api," in caught.value.hint


def test_a_base_url_may_end_in_marks() -> None:
    for url in ("https://x/v1", "https://x/a#", "https://x/v1/messages##"):
        assert read_changes(Flags(base_url=url)) == {"base_url": url}


def test_a_glob_in_a_mapping_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    read_changes(Flags(map=["claude-*=glm"]))
    assert "did you mean 'claude-.*'?" in capsys.readouterr().err


def test_types_complete() -> None:
    assert type_names("cl") == ["claude-code"]
