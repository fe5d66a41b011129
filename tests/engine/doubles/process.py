"""How a double lives: it serves on a port of its own, and ends when the engine tells it to or is gone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent import futures

import grpc

PARENT_WATCH_S = 0.2
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def serve(register: Callable[[grpc.Server], None], at_end: Callable[[], None] = lambda: None) -> None:
    """Serve until the engine interrupts, or dies.

    Parameters
    ----------
    register : callable
        Adds the service to the server.
    at_end : callable
        Called once, before the process ends.
    """
    parent, ended = os.getppid(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), options=UNLIMITED)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while not ended.wait(PARENT_WATCH_S):
        if os.getppid() != parent:  # a killed engine cannot say goodbye
            break
    at_end()
    os._exit(0)  # calls may still be running: the engine does not wait for them
