"""An Anthropic answer's citations as Chat's `annotations`: those that point to a page of the web.

    {"type": "url_citation", "url_citation": {"url", "title", "start_index", "end_index"}}

The indices are characters of the answer's text. Citations of the client's own documents have no
counterpart; the text they belong to stays.
"""

from __future__ import annotations

from axonhub_cli.ir.request import Block, Text
from axonhub_cli.jsonio import Json

Object = dict[str, Json]


def annotations_of(content: tuple[Block, ...]) -> list[Object]:
    """Of a whole answer; neighbouring texts are one, others are a paragraph apart."""
    found: list[Object] = []
    end, last = 0, -1
    for at, block in enumerate(content):
        if not isinstance(block, Text) or not block.text:
            continue
        start = end + 2 if end and at != last + 1 else end
        end, last = start + len(block.text), at
        for citation in block.extra.get("citations") or ():
            annotation = annotation_of(citation, start, end)
            if annotation is not None:
                found.append(annotation)
    return found


def annotation_of(citation: Json, start: int, end: int) -> Object | None:
    """One citation of the text from `start` to `end`."""
    url = citation.get("url") if isinstance(citation, dict) else None
    if not isinstance(url, str):
        return None
    title = citation.get("title")
    return {
        "type": "url_citation",
        "url_citation": {
            "url": url,
            "title": title if isinstance(title, str) else url,
            "start_index": start,
            "end_index": end,
        },
    }
