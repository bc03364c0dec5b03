"""Free ports, and ports that are taken."""

import socket

from messaging_pipeline.stack.ports import LOOPBACK, free_port, free_ports, is_free


def _listener() -> socket.socket:
    return socket.create_server((LOOPBACK, 0))


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server((LOOPBACK, free_port())) as server:
        assert server.getsockname()[1] > 0


def test_free_ports_are_all_different() -> None:
    assert len(set(free_ports(20))) == 20


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with _listener() as server:
        assert not is_free(server.getsockname()[1])


def test_a_port_is_free_again_once_its_server_has_left() -> None:
    with _listener() as server:
        port = server.getsockname()[1]
    assert is_free(port)


def test_a_port_is_free_although_old_connections_to_it_linger() -> None:
    with _listener() as server:
        port = server.getsockname()[1]
        client = socket.create_connection((LOOPBACK, port))
        accepted, _ = server.accept()
        accepted.close()  # the side that closes first keeps the port in TIME_WAIT
        client.close()
    assert is_free(port)
