import pytest

from axonhub_cli.cli.channel.token_input import (
    Token,
    TokenFlags,
    check_flags,
    clean_token,
    given_token,
)
from axonhub_cli.errors import UsageError

SECRET = "sk-" + "s3cret" * 3


@pytest.mark.parametrize("text", [SECRET, f"  {SECRET}\n", f"\t{SECRET}\r\n"])
def test_space_around_a_token_is_removed(text: str) -> None:
    assert clean_token(text) == SECRET


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the token is empty"),
        ("  \n", "the token is empty"),
        (f"export X={SECRET}", "a space or a line break inside"),
        (f"{SECRET}\n{SECRET}", "a space or a line break inside"),
        (f"'{SECRET}'", "quotes around"),
        (f'"{SECRET}', "quotes around"),
        (f"API_KEY={SECRET}", "an assignment"),
        (f"\x1b[200~{SECRET}", "characters in the token that no token has"),
        (f"{SECRET}…", "characters in the token that no token has"),
    ],
)
def test_what_is_no_token_is_refused_without_repeating_it(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        clean_token(text)
    assert said in caught.value.message
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"


def test_a_token_may_end_like_base64() -> None:
    assert clean_token("QUJD==") == "QUJD=="
    assert clean_token("QUJD=") == "QUJD="


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (TokenFlags(stdin=True, env="X"), "exclude each other"),
        (TokenFlags(env="X", command="y"), "exclude each other"),
        (TokenFlags(env=SECRET), "takes the name of a variable"),
        (TokenFlags(command=" "), "--token-command is empty"),
        (TokenFlags(command=f"echo {SECRET}"), "there is a token in it"),
        (TokenFlags(argv=SECRET), "kept in the shell's history"),
    ],
)
def test_flags_that_cannot_be_obeyed_are_refused(flags: TokenFlags, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_flags(flags)
    assert said in caught.value.message
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"


def test_no_flag_names_no_token() -> None:
    assert given_token(TokenFlags(), {}) is None


def test_a_variable_becomes_a_reference_and_is_not_read() -> None:
    assert given_token(TokenFlags(env="X"), {"X": SECRET}) == Token(reference="env:X")


def test_neither_flags_nor_tokens_show_what_they_hold() -> None:
    shown = f"{TokenFlags(argv=SECRET)!r} {Token(value=SECRET)!r}"
    assert SECRET not in shown
