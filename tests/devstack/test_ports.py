import os
import socket

import pytest

from devstack.errors import StackError
from devstack.ports import check_port_free


def test_check_port_free_names_the_port_its_holder_and_the_variable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(StackError) as refusal:
            check_port_free("127.0.0.1", port, "PORT")

    text = str(refusal.value)
    assert text.startswith(f"Port {port} is taken by ")
    assert f"(process {os.getpid()})" in text
    assert f"make run PORT={port + 1}" in text
    assert "\n" not in text


def test_check_port_free_accepts_a_port_that_was_just_let_go() -> None:
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        port = once.getsockname()[1]

    check_port_free("127.0.0.1", port, "PORT")
