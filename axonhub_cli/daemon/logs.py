"""The daemon's log on stderr: lines for people, or an object a line for programs."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from axonhub_cli.config.schema import Server


def configure_logging(server: Server) -> None:
    """Our own words at the chosen level, uvicorn's only when something is wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter()
        if server.log_format == "json"
        else logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    )
    for name, level in (("axonhub", server.log_level.upper()), ("uvicorn", "WARNING")):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(level)


class JsonFormatter(logging.Formatter):
    """`{"at": …, "level": …, "message": …}`, with `exception` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)
