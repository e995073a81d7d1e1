"""A Git repository, and a server of it: HTTPS by an authority of its own, for whoever has the token."""

import base64
import ssl
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from components.credentials import certificates

USER, TOKEN = "robot", "t0ken$'\""
_SEED = bytes(range(32))
_AUTHOR = ("-c", "user.name=drill", "-c", "user.email=drill@example.com")

FLOW = """
import time
from datetime import timedelta
from airflow.sdk import dag, task

@task(retries=30, retry_delay=timedelta(seconds=5))
def say(seconds: float) -> str:
    time.sleep(seconds)
    return "{text}"

@dag(dag_id="team_flow", schedule=None)
def team_flow():
    say(0.0) >> say.override(task_id="later")(15.0)

team_flow()
"""


class Repository:
    """One branch `main` with one file of DAGs; that of `FLOW` holds one, `team_flow`, whose tasks say a text."""

    def __init__(self, folder: Path, flow: str = FLOW) -> None:
        """Begin one in a folder that is not there yet; `flow` is the file, with `{text}` for the text."""
        self.folder = folder
        self._flow = flow
        (folder / "flows").mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch", "main")

    def push(self, text: str) -> str:
        """Let the DAG say something else; returns the commit."""
        (self.folder / "flows" / "team.py").write_text(self._flow.replace("{text}", text))
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", text)
        # A server of plain files cannot list branches by itself.
        self._git("update-server-info")
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.folder), *_AUTHOR, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class GitServer:
    """Serves a repository below `/team.git` at an address; may go and come back.

    Attributes:
        authority: PEM, by which clients verify it.
        refused: requests without the token.
    """

    def __init__(self, repository: Repository, address: str, folder: Path) -> None:
        validity = certificates.Validity(issued=datetime.now(UTC).date(), days=2)
        signer = certificates.authority(_SEED, validity)
        self.authority = certificates.pem(signer.certificate)
        self.refused = 0
        self._repository, self._address = repository, address
        self._files = folder / "server.crt", folder / "server.key"
        self._files[0].write_text(certificates.leaf(signer, _SEED, consumer="git", names=[address], validity=validity))
        self._files[1].write_text(certificates.leaf_key(_SEED, "git"))
        self._port = 0

    @property
    def url(self) -> str:
        """Of the repository."""
        return f"https://{self._address}:{self._port}/team.git"

    @contextmanager
    def serving(self) -> Generator[None]:
        """Serve while the block runs, on the same port each time."""
        with ThreadingHTTPServer((self._address, self._port), self._handler()) as server:
            self._port = server.server_port
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self._files)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()

    def _handler(self) -> type[SimpleHTTPRequestHandler]:
        outer, wanted = self, "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=str(outer._repository.folder / ".git"))

            def send_head(self) -> Any:
                if self.headers.get("Authorization") != wanted:
                    outer.refused += 1
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="git"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return None
                self.path = self.path.removeprefix("/team.git")
                return super().send_head()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
                pass

        return Handler
