"""Every golden case: wire to hub to the other wires, exactly as it was reviewed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from axonhub_cli.errors import ClientError
from axonhub_cli.protocols.codec import Encoded
from tests.protocols.golden import FOLDER, INPUTS, cases, outputs_of
from tests.support import grammar
from tests.support.codecs import CODECS

CASES = cases()
IDS = [f"{file.parent.relative_to(FOLDER)}/{file.name}" for _, file in CASES]
REQUESTS = [(protocol, file) for protocol, file in CASES if file.name == "wire.json"]
REQUEST_IDS = [f"{protocol}/{file.parent.name}" for protocol, file in REQUESTS]

# Requests that no provider would take as they are.
MENDED = {
    "anthropic": {"thinking_blocks_unsigned"},
    "openai_chat": {"tool_call_at_the_end", "tool_result_is_an_orphan", "tool_result_is_missing"},
}
# Results are put in the order of their calls, right after them; empty arguments become `{}`.
REORDERED = {
    "tool_result_comes_late",
    "tool_results_in_another_order",
    "tool_call_with_empty_arguments",
    "parallel_tools_without_tools",
}


@pytest.mark.parametrize(("protocol", "file"), CASES, ids=IDS)
def test_a_case_becomes_what_was_reviewed(
    protocol: str, file: Path, request: pytest.FixtureRequest
) -> None:
    outputs = outputs_of(protocol, file)
    if request.config.getoption("--update-golden"):
        for name, text in outputs.items():
            (file.parent / name).write_text(text, encoding="utf-8", newline="")
    for name, text in outputs.items():
        assert text.split("\n") == read(file.parent / name).split("\n"), (
            f"see --update-golden: {name}"
        )


def test_no_folder_holds_a_result_that_is_none() -> None:
    expected = set()
    for protocol, file in CASES:
        expected |= {file} | {file.parent / name for name in outputs_of(protocol, file)}
    present = {path for path in FOLDER.rglob("*") if path.is_file() and path.name != "README.md"}
    assert present - expected == set()


@pytest.mark.parametrize(("protocol", "file"), CASES, ids=IDS)
def test_the_result_of_a_case_obeys_the_other_protocols_grammar(protocol: str, file: Path) -> None:
    for name, text in outputs_of(protocol, file).items():
        other, _, kind = name.partition(".")
        if other not in CODECS:
            continue
        if kind == "sse":
            grammar.STREAM[other](text.encode())
            continue
        value = json.loads(text)
        if kind == "json" and "refused" not in value:
            grammar.REQUEST[other](value["body"])
        elif kind == "answer.json":
            grammar.RESPONSE[other](value)
        elif kind == "error.json":
            grammar.ERROR[other](value["body"])


@pytest.mark.parametrize(("protocol", "file"), REQUESTS, ids=REQUEST_IDS)
def test_a_request_comes_back_to_its_own_protocol(protocol: str, file: Path) -> None:
    codec = CODECS[protocol]
    try:
        request = codec.decode_request(json.loads(file.read_bytes()))
    except ClientError:
        return
    encoded = codec.encode_request(request, request.model)
    again = codec.decode_request(encoded.body)
    # What is mended or left out on the way there is said, and stays so.
    mended = file.parent.name in MENDED[protocol]
    assert bool(encoded.losses) == mended
    assert codec.encode_request(again, request.model) == Encoded(encoded.body)
    if not mended and file.parent.name not in REORDERED:
        assert again == replace(request, wants_usage=True)


def test_there_are_cases_of_every_kind() -> None:
    kinds = {(protocol, file.name) for protocol, file in CASES}
    assert kinds == {(protocol, name) for protocol in CODECS for name in INPUTS}


def read(path: Path) -> str:
    # Line ends are part of a stream: no translation.
    return path.read_bytes().decode()
