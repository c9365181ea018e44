from typing import Any

import pytest

from axonhub_cli.config.rules import find_faults
from axonhub_cli.config.schema import Config, Server, TraceSettings


def faults_of(**settings: Any) -> list[tuple[str, str]]:
    return list(find_faults(Config(server=Server(trace=TraceSettings(**settings)))))


def test_what_may_be_said_is_taken() -> None:
    assert faults_of() == []
    assert faults_of(keep="forever", max_size="unlimited", redact=(r"\d{16}", "sécret")) == []
    assert faults_of(extra_trace_body_fields=("a", "b.c.0"), extra_trace_headers=("X-Run",)) == []


@pytest.mark.parametrize(
    ("settings", "where", "words"),
    [
        ({"keep": "30"}, "keep", "or forever"),
        ({"keep": "0s"}, "keep", "keeps nothing"),
        ({"max_size": "2"}, "max_size", "or unlimited"),
        ({"max_size": "10KB"}, "max_size", "less than 1MB"),
        ({"redact": ("ok", "(")}, "redact[1]", "not a regular expression"),
        ({"redact": ("a*",)}, "redact[0]", "matches nothing at all"),
        ({"redact": ("a{99999999999}",)}, "redact[0]", "too much for a regular expression"),
        ({"redact": ("(" * 5000 + ")" * 5000,)}, "redact[0]", "too much"),
        ({"redact": (r"(?L)\wx",)}, "redact[0]", "not a regular expression"),
        ({"redact": ("(a+)+$",)}, "redact[0]", "could run for ever"),
        ({"extra_trace_body_fields": ("a..b",)}, "extra_trace_body_fields[0]", "not a field"),
        ({"extra_trace_headers": ("X Run",)}, "extra_trace_headers[0]", "name of a header"),
        ({"trace_header": ""}, "trace_header", "name of a header"),
    ],
)
def test_what_makes_no_sense_is_told(settings: dict[str, Any], where: str, words: str) -> None:
    [(place, what)] = faults_of(**settings)
    assert place == f"server.trace.{where}"
    assert words in what


def test_a_long_list_of_names_may_be_a_pattern() -> None:
    names = "|".join(f"project-{number}" for number in range(100))
    email = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    assert faults_of(redact=(rf"\b(?:{names})\s*:\s*\w+", email)) == []
