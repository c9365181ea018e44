from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axonhub_cli.counting import vocabulary
from axonhub_cli.counting.vocabulary import estimate, tokenizer
from tests.counting.texts import CLAUDE_COUNTS

TEXTS = [text for text, *_ in CLAUDE_COUNTS]


@pytest.fixture
def nothing_loaded() -> Iterator[None]:
    vocabulary._loaded.clear()
    yield
    vocabulary._loaded.clear()


@pytest.mark.parametrize(
    ("name", "text", "tokens"),
    [
        # The first is in the tiktoken README, the others are counts of tiktoken 0.14.
        ("o200k_base", "tiktoken is great!", 6),
        ("cl100k_base", "tiktoken is great!", 6),
        ("cl100k_base", "antidisestablishmentarianism", 6),
        ("cl100k_base", "お誕生日おめでとう", 9),
        ("o200k_base", "お誕生日おめでとう", 8),
    ],
)
def test_public_vocabularies_count_as_their_makers_do(name: str, text: str, tokens: int) -> None:
    assert tokenizer(name)(text) == tokens


@pytest.mark.parametrize(
    "name", ["deepseek_v3", "qwen3", "glm4", "kimi_k2", "llama3", "mistral_v3"]
)
def test_every_vocabulary_that_a_family_names_exists(name: str) -> None:
    assert tokenizer(name) is not estimate
    assert 100 < tokenizer(name)(TEXTS[0]) < 220


def test_control_tokens_in_a_text_are_text() -> None:
    assert tokenizer("cl100k_base")("<|endoftext|>") > 1


@pytest.mark.usefixtures("nothing_loaded")
def test_threads_that_come_together_load_a_vocabulary_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    load = vocabulary._load

    def noted(name: str) -> vocabulary.Tokenizer:
        loads.append(name)
        return load(name)

    monkeypatch.setattr(vocabulary, "_load", noted)
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(tokenizer("cl100k_base")("hello world")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["cl100k_base"]
    assert counts == [2] * 8


@pytest.mark.usefixtures("nothing_loaded")
def test_only_a_few_vocabularies_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_load", lambda name: len)
    for name in ("one", "two", "three", "one", "four"):
        tokenizer(name)
    assert list(vocabulary._loaded) == ["three", "one", "four"]


@pytest.mark.usefixtures("nothing_loaded")
@pytest.mark.parametrize("name", ["cl100k_base"])
def test_without_the_library_length_decides(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splintr", None)
    assert tokenizer(name) is estimate


@pytest.mark.usefixtures("nothing_loaded")
def test_an_unknown_vocabulary_is_an_estimate_too() -> None:
    assert tokenizer("no-such-vocabulary") is estimate


@pytest.mark.parametrize("text", TEXTS)
def test_the_estimate_is_within_thirty_percent(text: str) -> None:
    assert estimate(text) == pytest.approx(tokenizer("cl100k_base")(text), rel=0.3)


def test_a_long_text_counts_as_the_sum_of_its_lines() -> None:
    count = tokenizer("cl100k_base")
    lines = [f"line {number} of a long file, as agents read them\n" for number in range(3000)]
    # The cuts between pieces may cost a token each.
    assert count("".join(lines)) == pytest.approx(sum(map(count, lines)), abs=20)


def test_a_text_that_the_library_refuses_is_estimated() -> None:
    assert tokenizer("cl100k_base")("half an emoji: \ud83d") == estimate("half an emoji: \ud83d")


def test_a_panic_in_the_library_costs_the_count_only() -> None:
    class Panic(BaseException):
        pass

    def encode(text: str) -> list[int]:
        raise Panic("index out of bounds")

    assert vocabulary._count(encode, "hello world") == estimate("hello world")


@given(st.text(max_size=400))
def test_any_text_has_a_count(text: str) -> None:
    tokens = tokenizer("cl100k_base")(text)
    assert (tokens == 0) == (text == "")
    assert tokens <= len(text.encode("utf-8", "surrogatepass"))


def test_nothing_is_loaded_before_the_first_count() -> None:
    code = "import sys, axonhub_cli.counting.request; print('splintr' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
