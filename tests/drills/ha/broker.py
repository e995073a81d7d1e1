"""What the broker's data nodes and Sentinels say, asked inside their pods."""

import re

from tests.drills.ha.bench import AIRFLOW, DATA, Bench
from tests.drills.stack import Pod
from tests.drills.waiting import DrillError, wait_for

NODES = 3
_ASK = (
    "REDISCLI_AUTH=$(cat /run/secrets/airflow-platform/sentinel-password) timeout 3 valkey-cli --no-auth-warning "
    '--tls --cacert /run/secrets/airflow-platform/ca.crt --user sentinel -h localhost -p "$@"'
)
_EMPTY = (
    "REDISCLI_AUTH=$(cat) timeout 10 valkey-cli --no-auth-warning --tls --cacert /run/secrets/airflow-platform/ca.crt "
    '--user airflow -h localhost -n "$1" EVAL "$2" 0 </dev/null'
)
_DELETE = """
local cursor, deleted = '0', 0
repeat
  local found = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = found[1]
  for _, key in ipairs(found[2]) do deleted = deleted + redis.call('UNLINK', key) end
until cursor == '0'
return deleted
"""


class Broker:
    """The broker's nodes by role."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def _ask(self, pod: Pod, container: str, port: int, *words: str) -> str:
        command = ["exec", pod.name, "--namespace", DATA, "--container", container, "--"]
        return self._bench.kubectl(*command, "bash", "-c", _ASK, "ask", str(port), *words, timeout=15, check=False)

    def nodes(self) -> list[Pod]:
        """The data nodes' pods."""
        return self._bench.pods(DATA, "valkey")

    def sentinels(self) -> list[Pod]:
        """The Sentinels' pods."""
        return self._bench.pods(DATA, "valkey-sentinel")

    def hang_up(self, sentinel: Pod) -> None:
        """Close the links that the other Sentinels have to this one; they connect anew within a second."""
        self._ask(sentinel, "sentinel", 26379, "CLIENT", "KILL", "USER", "sentinel")

    def leader(self) -> Pod:
        """The pod that leads, by the word of the Sentinels.

        Raises:
            DrillError: none says so.
        """
        for sentinel in self.sentinels():
            answer = self._ask(sentinel, "sentinel", 26379, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "airflow")
            if match := re.search(r"(valkey-\d)\.", answer):
                return next(pod for pod in self.nodes() if pod.name == match[1])
        raise DrillError("no Sentinel says who leads")

    def is_whole(self) -> bool:
        """One leads and the others follow it, all pods are ready, and every Sentinel sees all of them."""
        nodes, sentinels = self.nodes(), self.sentinels()
        if len(nodes) < NODES or len(sentinels) < NODES or not all(pod.ready for pod in (*nodes, *sentinels)):
            return False
        answers = [self._ask(pod, "valkey", 6379, "INFO", "replication") for pod in nodes]
        leading = [answer for answer in answers if "role:master" in answer]
        return len(leading) == 1 and "connected_slaves:2" in leading[0] and self._seen_by(sentinels)

    def _seen_by(self, sentinels: list[Pod]) -> bool:
        answers = [self._ask(pod, "sentinel", 26379, "INFO", "sentinel") for pod in sentinels]
        return all("status=ok" in answer and "slaves=2,sentinels=3" in answer for answer in answers)

    def until_whole(self, seconds: float = 240) -> float:
        """Wait until it is whole. Returns the seconds it took."""
        return wait_for("one node leads, two follow, three Sentinels see it", seconds, self.is_whole)

    def left_out(self) -> list[str]:
        """What nodes left out of the file of their writes when they started."""
        logs = [
            self._bench.kubectl("logs", pod.name, "--namespace", DATA, "--container", "valkey") for pod in self.nodes()
        ]
        return [line for text in logs for line in text.splitlines() if "AOF-loading-client" in line]

    def empty(self) -> None:
        """Throw everything away that the broker holds, in one step.

        No account of it may flush; the one of Airflow may delete every key.

        Raises:
            DrillError: it could not be emptied.
        """
        password = self._bench.secret(AIRFLOW, "scheduler", "broker_password")
        for database in (0, 1):
            command = ["exec", "-i", self.leader().name, "--namespace", DATA, "--container", "valkey", "--"]
            answer = self._bench.kubectl(
                *command, "bash", "-c", _EMPTY, "empty", str(database), _DELETE, stdin=password
            )
            if not answer.strip().isdigit():
                raise DrillError(f"the broker cannot be emptied: {answer.strip()}")
