"""Where each listener is, once it listens."""

from dataclasses import dataclass

HOST = "localhost"


@dataclass(frozen=True)
class Addresses:
    """The ports; `proxy` is None when no proxy was asked for, `sql` is None when there is no database listener."""

    control: int
    entra: int
    ivanti: int
    passwordstate: int
    sql: int
    ivanti_base: str
    proxy: int | None = None
    sql_address: str = ""
    """The address of the database alone, where a SQL Server Browser knows it by its instance; else empty."""
    sql_instance: str = ""

    @property
    def control_url(self) -> str:
        """The control port, in plain HTTP."""
        return f"http://127.0.0.1:{self.control}"

    @property
    def entra_url(self) -> str:
        """Authority and Graph alike."""
        return f"https://{HOST}:{self.entra}"

    @property
    def ivanti_url(self) -> str:
        """Ivanti's base before /api."""
        return f"https://{HOST}:{self.ivanti}{self.ivanti_base}"

    @property
    def passwordstate_url(self) -> str:
        """Passwordstate's base before /api."""
        return f"https://{HOST}:{self.passwordstate}"

    @property
    def sql_server(self) -> str:
        """The database as a configuration names it: a host, or an address and the name of the instance there."""
        return rf"{self.sql_address}\{self.sql_instance}" if self.sql_address else HOST

    def ports(self) -> list[int]:
        """Every port on 127.0.0.1."""
        ports = [self.control, self.entra, self.ivanti, self.passwordstate]
        ports += [] if self.sql_address else [self.sql]
        return ports if self.proxy is None else [*ports, self.proxy]

    def lines(self) -> list[str]:
        """One line per port, for the person who started the simulator."""
        lines = [
            f"control {self.control_url}",
            f"entra {self.entra_url}",
            f"ivanti {self.ivanti_url}",
            f"passwordstate {self.passwordstate_url}",
            f"sql {self.sql_server},{self.sql}",
        ]
        return lines if self.proxy is None else [*lines, f"proxy http://127.0.0.1:{self.proxy}"]
