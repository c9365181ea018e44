"""Citations of the web as annotations."""

from __future__ import annotations

from axonhub_cli.ir.request import Text, ToolCall
from axonhub_cli.protocols.openai_chat.citations import annotation_of, annotations_of

PAGE = {"type": "web_search_result_location", "url": "https://a.example", "title": "A"}


def test_a_page_is_cited_where_its_text_stands() -> None:
    content = (
        Text("One "),
        Text("two.", {"citations": [PAGE]}),
        ToolCall("c", "f", "{}"),
        Text("Three.", {"citations": [{"url": "https://b.example"}, {"type": "char_location"}]}),
    )
    # As the answer's text runs: "One two.\n\nThree."
    found = [item["url_citation"] for item in annotations_of(content)]
    assert found == [
        {"url": "https://a.example", "title": "A", "start_index": 4, "end_index": 8},
        {"url": "https://b.example", "title": "https://b.example"}
        | {"start_index": 10, "end_index": 16},
    ]


def test_other_citations_have_no_counterpart() -> None:
    assert annotation_of({"type": "page_location", "document_index": 0}, 0, 1) is None
    assert annotation_of("odd", 0, 1) is None
    assert annotations_of((Text("a"), Text(""))) == []
