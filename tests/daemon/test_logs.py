import json
import logging
import sys

from axonhub_cli.daemon.logs import JsonFormatter


def test_a_line_is_an_object_with_the_traceback_in_it() -> None:
    try:
        raise ValueError("x")
    except ValueError:
        record = logging.LogRecord(
            "axonhub", logging.WARNING, "f", 1, "it %s\n", ("broke",), sys.exc_info()
        )
    line = JsonFormatter().format(record)
    told = json.loads(line)
    assert "\n" not in line
    assert (told["level"], told["logger"], told["message"]) == ("warning", "axonhub", "it broke\n")
    assert "ValueError: x" in told["exception"]
    assert told["at"].endswith("+00:00")
