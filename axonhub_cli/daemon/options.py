"""Where and how a daemon is to listen, as its command line says it."""

from __future__ import annotations

from msgspec import Struct


class Listen(Struct, frozen=True):
    """Each named as in `[server]`; None: as the configuration says."""

    host: str | None = None
    port: int | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    log_level: str | None = None

    def arguments(self) -> list[str]:
        """The same as words of a command line."""
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        return [
            f"--{name.replace('_', '-')}={value}"
            for name, value in given.items()
            if value is not None
        ]
