"""A connection to a camera at addresses that were checked; TLS where the source asks for it."""

import socket
import ssl
import time
from collections.abc import Sequence
from pathlib import Path

from payesh.kit.networks import SocketAddress


def camera_tls(ca_file: Path | None) -> ssl.SSLContext:
    """For cameras under `rtsps://`. Without an authority any certificate is taken: cameras sign
    their own, and then TLS keeps listeners out, not an impostor."""
    if ca_file is not None:
        return ssl.create_default_context(cafile=str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connected(addresses: Sequence[SocketAddress], timeout_s: float) -> socket.socket:
    """A connection to the first address that answers, all within `timeout_s`. Raises OSError."""
    deadline = time.monotonic() + timeout_s
    error: OSError = TimeoutError("no address to connect to")
    for number, (family, address) in enumerate(addresses):
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            break
        camera = socket.socket(family, socket.SOCK_STREAM)
        try:
            camera.settimeout(left_s / (len(addresses) - number))
            camera.connect(address)
        except OSError as failed:
            camera.close()
            error = failed
        else:
            camera.settimeout(timeout_s)
            camera.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return camera
    raise error


def secured(camera: socket.socket, context: ssl.SSLContext, hostname: str) -> ssl.SSLSocket:
    """TLS over the connection; it is closed where that fails. Raises OSError."""
    try:
        return context.wrap_socket(camera, server_hostname=hostname)
    except OSError:
        camera.close()
        raise
