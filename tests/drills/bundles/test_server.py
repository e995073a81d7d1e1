"""The Git server of the drill, with a real git client."""

import os
import re
import subprocess
from pathlib import Path

from tests.drills.bundles.server import TOKEN, USER, GitServer, Repository


def clone(server: GitServer, folder: Path, token: str) -> subprocess.CompletedProcess[str]:
    authority = folder / "ca.crt"
    authority.write_text(server.authority)
    helper = f"!printf 'username={USER}\\npassword=%s\\n' \"$DRILL_TOKEN\"; :"
    options = ("-c", f"http.sslCAInfo={authority}", "-c", "credential.helper=", "-c", f"credential.helper={helper}")
    # The machine may have an authority and a proxy of its own.
    own = {name: text for name, text in os.environ.items() if not re.match("GIT_|.*_proxy", name, re.IGNORECASE)}
    environment = {**own, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "DRILL_TOKEN": token}
    command = ["git", *options, "clone", "--quiet", "--bare", server.url, str(folder / f"clone-{len(token)}")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_client_with_the_token_gets_what_was_pushed_and_one_without_nothing(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    commit = repository.push("one")
    server = GitServer(repository, "127.0.0.1", tmp_path)
    with server.serving():
        assert (done := clone(server, tmp_path, TOKEN)).returncode == 0, done.stderr
        before = server.refused
        assert clone(server, tmp_path, "wrong").returncode != 0
        assert server.refused > before
    head = tmp_path / f"clone-{len(TOKEN)}"
    found = subprocess.run(["git", "-C", str(head), "rev-parse", "main"], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == commit
