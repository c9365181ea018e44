import json

import pytest

from axonhub_cli.tracing.patterns import Patterns


def starred(pattern: str, data: str | bytes) -> str:
    raw = data.encode() if isinstance(data, str) else data
    found = Patterns([pattern]).star(raw)
    assert len(found) == len(raw)
    return found.decode("utf-8", "backslashreplace")


@pytest.mark.parametrize(
    ("pattern", "text", "shown"),
    [
        (r"\bkennwort: \w+\b", "kennwort: müller1, ja", f"{'*' * 18}, ja"),
        ("[ü]x", "öx üx", "öx ***"),
        ("密码.", "我的密码是。", "我的" + "*" * 9 + "。"),
        (r"é\b", "né né", "n** n**"),
        ("(?i)MÜLLER", "müller", "*" * 7),
    ],
)
def test_letters_of_any_script_are_met_whole(pattern: str, text: str, shown: str) -> None:
    assert starred(pattern, text) == shown


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize(
    ("pattern", "said", "left"),
    [
        (r"kennwort: \w+", "mein kennwort: müller1 ja", "mein @ ja"),
        (r"\bnote\b", "a\nnote\tb", "a\n@\tb"),
        (r"(?m)^pin: .*$", 'x\npin: "1234" \\ 5\ny', "x\n@\ny"),
        ("😀x", "a😀x", "a@"),
        (r"C:\\\w+", r"in C:\geheim da", "in @ da"),
        ("n", "a\nn", "a\n@"),
    ],
)
def test_what_json_escapes_is_met_as_it_reads(
    pattern: str, said: str, left: str, ascii_only: bool
) -> None:
    written = json.dumps({"t": said}, ensure_ascii=ascii_only)
    found = json.loads(starred(pattern, written))["t"]
    before, after = left.split("@")
    assert found.startswith(before)
    assert found.endswith(after)
    assert set(found[len(before) : len(found) - len(after)]) == {"*"}


def test_json_is_met_as_it_is_written_too() -> None:
    written = '{"password": "a\\"b\\\\", "n": 1}'
    assert starred(r'"password": "(?:[^"\\]|\\.)*"', written) == "{" + "*" * 20 + ', "n": 1}'


def test_half_an_escape_is_hidden_whole() -> None:
    assert starred("00fcx", r'{"a":"\u00fcx"}') == '{"a":"*******"}'


def test_bytes_that_are_no_text_stay() -> None:
    assert starred("b", b"\xff\xfeb\xed\xa0\x80") == r"\xff\xfe*\xed\xa0\x80"


def test_what_two_patterns_meet_is_hidden_once() -> None:
    assert Patterns(["abc", "bcd"]).star(b"xabcdx") == b"x****x"
    assert Patterns(["abc", "x"]).hide("abc, x") == "***, ***"


def test_a_pattern_without_a_match_copies_nothing() -> None:
    data = b'{"a": "\\n"}'
    assert Patterns(["zz"]).star(data) is data
    assert not Patterns()


def test_a_text_that_takes_too_long_is_hidden_whole_and_told() -> None:
    patterns = Patterns([r"\w+\d\s"], patience_s=0.01)
    long = b"1" * 200_000
    assert patterns.star(b"12 z") == b"***z"
    assert patterns.problem is None
    assert patterns.star(long) == b"*" * len(long)
    assert patterns.problem is not None
    assert "too slow" in patterns.problem
    assert patterns.hide(long.decode()) == "***"
    assert patterns.star(b"a, 12 z") == b"a, ***z"
