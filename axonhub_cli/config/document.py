"""The text of `config.toml`: written new, or edited so that comments and order stay.

Only commands that write import this. tomlkit costs some 30 ms, which a first `axonhub env` in a
new home does not pay: it is imported where an existing text is edited.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Protocol, cast

import tomli_w

Entry = Mapping[str, Any]
Changes = Mapping[str, Any]
"""New values by key; None removes the key."""

# What is left of a table while its text is being cut out.
_MARK = "axonhub: removed"
_REMOVED = re.compile(rf"^[ \t]*\[\[[^\n]*\n[ \t]*# {_MARK}\r?\n", re.MULTILINE)


class Document(Protocol):
    """What an edit can do to a text. Entries are found by their index in `[[section]]`."""

    def append(self, section: str, entry: Entry) -> None: ...
    def update(self, section: str, index: int, changes: Changes) -> None: ...
    def remove(self, section: str, index: int) -> None: ...
    def put(self, path: list[str], value: Any) -> None:
        """Set a value in tables, made at need; None removes it."""

    def text(self) -> str: ...


class NewDocument:
    """Plain data, for a file that does not exist yet; also the measure of what an edit must say."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def append(self, section: str, entry: Entry) -> None:
        self.data.setdefault(section, []).append(_plain(entry))

    def update(self, section: str, index: int, changes: Changes) -> None:
        _apply(self.data[section][index], _plain_changes(changes))

    def remove(self, section: str, index: int) -> None:
        del self.data[section][index]
        if not self.data[section]:
            del self.data[section]

    def put(self, path: list[str], value: Any) -> None:
        _apply(_table_at(self.data, path[:-1]), {path[-1]: _plain(value)})

    def text(self) -> str:
        pretty = _write_pretty(self.data)
        # The pretty form is for people; where it would not say the same, the plain one is right.
        return pretty if says(pretty, self.data) else tomli_w.dumps(self.data)


class KeptDocument:
    """An existing text."""

    def __init__(self, text: str) -> None:
        self._parse(text)

    def append(self, section: str, entry: Entry) -> None:
        from tomlkit import aot, nl

        if section not in self._doc:
            if (text := self._doc.as_string()) and not text.endswith("\n\n"):
                self._doc.add(nl())
            self._doc.add(section, aot())
        entries = self._entries(section)
        if len(entries) and not entries[-1].as_string().endswith("\n\n"):
            entries[-1].add(nl())
        table = _table(entry)
        table.add(nl())
        entries.append(table)
        # tomlkit adds a blank line of its own, but only to sections that it has not read.
        table.trivia.indent = table.trivia.indent.lstrip("\n")

    def update(self, section: str, index: int, changes: Changes) -> None:
        table = self._entries(section)[index]
        # A comment at the table's end is about what follows: new keys go before it.
        tail = _take_tail(table)
        _apply(table, {key: _item(value) for key, value in _plain_changes(changes).items()})
        for item in tail:
            table.add(item)

    def remove(self, section: str, index: int) -> None:
        from tomlkit import comment
        from tomlkit.items import Comment

        entries = self._entries(section)
        tail = _take_tail(entries[index])
        if not any(isinstance(item, Comment) for item in tail):
            del entries[index]
            if not len(entries):
                del self._doc[section]
            return
        # What stands at the table's end is about what follows: the text around it stays.
        entries[index].clear()
        for item in (comment(_MARK), *tail):
            entries[index].add(item)
        self._parse(_REMOVED.sub("", self._doc.as_string()))

    def put(self, path: list[str], value: Any) -> None:
        _apply(_table_at(self._doc, path[:-1]), {path[-1]: _plain(value)})

    def text(self) -> str:
        return self._doc.as_string().rstrip("\n") + "\n"

    def _parse(self, text: str) -> None:
        from tomlkit import parse

        # Without its last line end, a file's next table would begin on its last line.
        self._doc = parse(text if not text or text.endswith("\n") else text + "\n")

    def _entries(self, section: str) -> Any:
        """`[[section]]`; an array of inline tables becomes one, as that can be edited in place."""
        from tomlkit import aot
        from tomlkit.items import AoT

        if not isinstance(self._doc[section], AoT):
            entries = [_table(entry) for entry in cast("Any", self._doc[section]).unwrap()]
            del self._doc[section]
            self._doc.add(section, aot())
            cast("AoT", self._doc[section]).extend(entries)
        return self._doc[section]


def says(text: str, data: Mapping[str, Any]) -> bool:
    """Whether a text means these data; a table that has become empty may be left out."""
    try:
        return bool(_without_empty(tomllib.loads(text)) == _without_empty(data))
    except tomllib.TOMLDecodeError:
        return False


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item != {}}
    return value


def _apply(table: Any, changes: Changes) -> None:
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


def _plain_changes(changes: Changes) -> dict[str, Any]:
    return {key: None if value is None else _plain(value) for key, value in changes.items()}


def _plain(value: Any) -> Any:
    """TOML has no null and no tuple."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _table_at(table: Any, path: list[str]) -> Any:
    for name in path:
        table = table.setdefault(name, {})
    return table


def _write_pretty(data: dict[str, Any]) -> str:
    """tomli-w would write short entries as one inline array; people expect `[[channels]]`."""
    parts: list[str] = []
    for section, value in data.items():
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            parts += [_write_entry(section, entry) for entry in value]
        else:
            parts.append(tomli_w.dumps({section: value}))
    return "\n".join(parts)


def _write_entry(section: str, entry: dict[str, Any]) -> str:
    tables = {key: value for key, value in entry.items() if isinstance(value, dict)}
    plain = {key: value for key, value in entry.items() if key not in tables}
    text = f"[[{section}]]\n{tomli_w.dumps(plain)}"
    for key, value in tables.items():
        text += f"\n[{section}.{key}]\n{tomli_w.dumps(value)}"
    return text


def _table(entry: Entry) -> Any:
    from tomlkit import table

    made = table()
    for key, value in _plain(entry).items():
        made.add(key, _item(value))
    return made


def _item(value: Any) -> Any:
    """Tables inside an entry are written inline, lists of them one to a line."""
    from tomlkit import array, inline_table

    if isinstance(value, dict):
        made = inline_table()
        made.update(value)
        return made
    if isinstance(value, list):
        items = array()
        for item in value:
            items.append(_item(item))
        return items.multiline(any(isinstance(item, dict) for item in value))
    return value


def _take_tail(table: Any) -> list[Any]:
    """Remove and return the comments and blank lines behind the table's last key."""
    body = table.value.body
    tail: list[Any] = []
    while body and body[-1][0] is None:
        tail.insert(0, body.pop()[1])
    return tail
