from __future__ import annotations

import pytest

from axonhub_cli.config.position import find_line

TEXT = """\
# a comment
[server]
port = 1
trace.trace_header = "x"

[[channels]]
name = "a"
[channels.endpoints]
anthropic = "x"

[[ channels ]]  # second
name = "b"
"weight" = 3
mappings = [
  { from = "a", to = "b" },
]
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("server", 2),
        ("server.port", 3),
        ("server.trace.trace_header", 4),
        ("channels[0].name", 7),
        ("channels[0].endpoints.anthropic", 9),
        ("channels[1]", 11),
        ("channels[1].name", 12),
        ("channels[1].weight", 13),
        ("channels[1].mappings[0].from", 14),
        ("channels[1].proxy", 11),
        ("profiles[0].name", None),
        ("", None),
    ],
)
def test_a_path_is_found_or_the_nearest_value_around_it(path: str, line: int | None) -> None:
    assert find_line(TEXT, path) == line
