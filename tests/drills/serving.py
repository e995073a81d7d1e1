"""A small HTTP server of this machine, for whoever runs in the cluster."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def served(address: str, handler: type[BaseHTTPRequestHandler]) -> Generator[str]:
    """Listen on a free port while the block runs; the value is the URL."""
    with ThreadingHTTPServer((address, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{address}:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
