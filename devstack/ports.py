"""Whether a TCP port on this machine can be had, and who has it."""

import socket

import psutil

from devstack.errors import StackError


def check_port_free(host: str, port: int, variable: str) -> None:
    """Raises StackError, naming the port, its holder where that can be told, and the variable that changes
    it.
    """
    with socket.socket(socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise StackError(
                f"Port {port} needs rights we lack: choose another, as in `make run {variable}=8080`."
            ) from error
        except OSError as error:
            raise StackError(
                f"Port {port} is taken{_by_whom(port)}: free it or choose another, as in "
                f"`make run {variable}={min(port + 1, 65535)}`."
            ) from error


def _by_whom(port: int) -> str:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:
        return ""
    for connection in connections:
        at = connection.laddr
        if connection.status == psutil.CONN_LISTEN and at and at.port == port and connection.pid:
            try:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
            except psutil.Error:
                return ""
    return ""
