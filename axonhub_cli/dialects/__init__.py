"""How providers deviate from the protocols they say they speak. Pure: bodies and events in and out.

A provider's entry names its dialect for each protocol (`Provider.dialects`); one without a name
speaks the protocol as it is written.
"""

from __future__ import annotations

from axonhub_cli.dialects.anthropic_dialects import ANTHROPIC_DIALECTS
from axonhub_cli.dialects.base import Dialect
from axonhub_cli.dialects.chat_dialects import CHAT_DIALECTS

DIALECTS: dict[str, Dialect] = {**CHAT_DIALECTS, **ANTHROPIC_DIALECTS}
