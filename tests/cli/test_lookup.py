import pytest

from axonhub_cli.cli.lookup import (
    channel_names,
    check_new_name,
    find_channel,
    find_key,
    find_profile,
    key_names,
    profile_names,
    words,
)
from axonhub_cli.config.schema import Channel, Config
from axonhub_cli.errors import UsageError
from tests.support.home import Home, channel


def test_fixed_words_are_completed() -> None:
    assert words("bash", "zsh")("z") == ["zsh"]


@pytest.mark.parametrize("find", [find_channel, find_profile, find_key])
def test_where_there_is_none_the_hint_says_how_to_make_the_first(find: object) -> None:
    assert callable(find)
    with pytest.raises(UsageError) as caught:
        find(Config(), "x")
    assert caught.value.message.endswith("'x'")
    assert caught.value.hint is not None and "first one" in caught.value.hint


def test_what_is_there_is_found() -> None:
    main = Channel("main", "echo")
    assert find_channel(Config(channels=(main,)), "main") is main


def test_a_new_name_must_be_free_a_name_and_no_secret() -> None:
    check_new_name("a.b-c_1", "channel", None, hint="")
    for name, taken, said in (
        ("a b", None, "is not a name"),
        ("a", object(), "there is a channel 'a' already"),
        ("sk-ant-" + "x" * 30, None, "looks like a secret"),
    ):
        with pytest.raises(UsageError) as caught:
            check_new_name(name, "channel", taken, hint="")
        assert said in caught.value.message


def test_names_complete_from_the_configuration(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AXONHUB_HOME", home.environ["AXONHUB_HOME"])
    assert channel_names("") == []
    home.configure(channel("http://127.0.0.1:9"), channel("http://127.0.0.1:9", "other"))
    assert channel_names("m") == ["main"]
    assert profile_names("") == ["default"]
    assert key_names("def") == ["default"]
    home.paths.config_file.write_text("broken")
    assert channel_names("") == []
