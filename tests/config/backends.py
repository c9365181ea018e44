"""Keyring backends as plugins provide them, for tests without a desktop."""

from __future__ import annotations

import threading
from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class Memory(KeyringBackend):
    """Keeps entries in the process; refuses what Windows would refuse."""

    priority = 1.0
    entries: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > 2560:
            raise OSError("the stub received bad data")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")


class Hung(Memory):
    """Waits for a dialog that nobody sees."""

    def __init__(self, answer: threading.Event) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.answer = answer

    def get_password(self, service: str, username: str) -> str | None:
        self.answer.wait(30)
        return None

    set_password = get_password  # type: ignore[assignment]


class Locked(Memory):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("dismissed")


class Broken(Memory):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot store {password}")


class Full(Memory):
    """Has room for one more entry."""

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.entries:
            raise OSError("no room")
        super().set_password(service, username, password)
