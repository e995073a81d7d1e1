# pyright: basic, reportMissingImports=false
"""Whether a Redis or Valkey that somebody else runs can be Airflow's broker. Changes nothing there that stays.

Runs inside the Airflow image.
"""

import ssl
import uuid

import redis
from preflight import Problem, RefusedError, reach, round_trip_milliseconds, run, say, secret, told, verify
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

SECTION = "redis.external"
OLDEST = (6, 2)
"""Kombu writes `ZADD GT`, which older servers do not know."""
_CLUSTER = ("CROSSSLOT", "MOVED", "CLUSTERDOWN", "SELECT is not allowed in cluster mode")
_LOOK = "Look at the service itself"


class Look:
    """Everything that is looked at, over one connection per database."""

    def __init__(self, config: dict) -> None:
        self.config = config
        self.host, self.port = config["host"], config["port"]
        self.problems: list[Problem] = []

    def run(self) -> list[Problem]:
        """Every problem that can be found."""
        reach(SECTION, self.host, self.port)
        verify(SECTION, self.host, self.port, ssl.create_default_context(cafile=self.config["authority"]))
        database = self.config["brokerDatabase"]
        client = self._client(0)
        self._log_in(client)
        if self._is_cluster(client):
            return [self._cluster("INFO says cluster_enabled:1")]
        self._is_open()
        self._info(client)
        for key in ("brokerDatabase", "resultDatabase"):
            self._database(key)
        if not self.problems:
            self._work(self._client(database))
        say(f"round trip {round_trip_milliseconds(client.ping):.1f} ms")
        return self.problems

    def _client(self, database: int, **login: str | None) -> redis.Redis:
        own = {"username": self.config["user"], "password": secret(self.config["passwordFile"])}
        return redis.Redis(
            host=self.host,
            port=self.port,
            db=database,
            ssl=True,
            ssl_ca_certs=self.config["authority"],
            ssl_cert_reqs="required",
            ssl_check_hostname=True,
            socket_timeout=10,
            socket_connect_timeout=10,
            decode_responses=True,
            **(login or own),
        )

    def _log_in(self, client: redis.Redis) -> None:
        try:
            client.ping()
        except AuthenticationError as error:
            raise RefusedError(self._not_let_in(str(error))) from None
        except NoPermissionError as error:
            raise RefusedError(self._not_allowed(str(error))) from None
        except RedisError as error:
            address = f"{self.host}:{self.port}"
            raise RefusedError(self._problem("host", address, f"it does not answer ({error})", _LOOK)) from None

    def _is_open(self) -> None:
        try:
            self._client(0, username=None, password=None).ping()
        except RedisError:
            return
        self._add(
            "user", self.config["user"], "it lets everybody in without a password", "Turn authentication on there"
        )

    def _not_let_in(self, error: str) -> Problem:
        way_out = "Correct it, or broker_airflow_password in the stack secret givenValues"
        return self._problem("user", self.config["user"], f"the log-in is refused ({error.rstrip('.')})", way_out)

    def _not_allowed(self, error: str) -> Problem:
        way_out = "Grant it ~* &* +@all -@admin -@dangerous +info there, as ACL rules are written"
        return self._problem("user", self.config["user"], f"it may not do what a queue needs ({error})", way_out)

    def _is_cluster(self, client: redis.Redis) -> bool:
        try:
            return client.info("cluster").get("cluster_enabled") == 1
        except ResponseError:
            return False  # whoever may not ask is told below

    def _cluster(self, evidence: str) -> Problem:
        reason = (
            f"it runs in cluster mode ({evidence}), where the keys of one queue lie on several nodes; Celery's transport "
            "moves messages between keys in one transaction, and knows Sentinel but not Cluster"
        )
        way_out = "Use one with cluster mode disabled (Azure Managed Redis: clustering policy NoCluster)"
        return self._problem("host", self.host, reason, way_out)

    def _info(self, client: redis.Redis) -> None:
        try:
            info = {
                **client.info("server"),
                **client.info("memory"),
                **client.info("clients"),
                **client.info("replication"),
            }
        except NoPermissionError as error:
            self.problems.append(self._not_allowed(str(error)))
            return
        self._version(str(info.get("redis_version", "")), str(info.get("valkey_version", "")))
        self._policy(info.get("maxmemory_policy"))
        self._clients(info.get("maxclients"))
        if info.get("role") not in (None, "master"):
            reason = "it is a replica, which takes no writes"
            self._add("host", self.host, reason, "Write the name of the primary's endpoint")

    def _version(self, version: str, valkey: str) -> None:
        say(f"Valkey {valkey}" if valkey else f"Redis {version}")
        parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        if parts < OLDEST:
            self._add("host", self.host, f"it runs version {version or 'unknown'}", "Upgrade it to 6.2 or newer")

    def _policy(self, policy: str | None) -> None:
        if policy is None:
            say("warning: it does not tell its maxmemory-policy; see to it that it is noeviction")
        elif policy != "noeviction":
            reason = f"its maxmemory-policy is {policy}: when it is full it throws queued tasks away in silence"
            self._add("host", self.host, reason, "Set maxmemory-policy to noeviction there")

    def _clients(self, most: int | None) -> None:
        wanted = self.config["clients"]
        if most is not None and int(most) < wanted:
            reason = f"it takes {most} clients, and this stack can have {wanted}"
            self._add(
                "host", self.host, reason, "Use a larger one, or lower workers.queues.*.maxReplicas or concurrency"
            )

    def _database(self, key: str) -> None:
        try:
            self._client(self.config[key]).ping()
        except RedisError as error:
            if any(sign in str(error) for sign in _CLUSTER):
                self.problems.append(self._cluster(str(error)))
                return
            self._add(
                key,
                self.config[key],
                f"there is no such database ({error})",
                "Write the number of another one, such as 0",
            )

    def _work(self, client: redis.Redis) -> None:
        """A message's way: into a list, out of it while its receipt is kept, and a word to whoever listens."""
        prefix = f"airflow-platform-preflight-{uuid.uuid4().hex}"
        queue, receipts, channel = f"{prefix}-queue", f"{prefix}-receipts", f"{prefix}-channel"
        try:
            with client.pipeline(transaction=True) as several:
                several.lpush(queue, "message").zadd(receipts, {"message": 1}, gt=True).llen(
                    f"{queue}\x06\x169"
                ).execute()
            taken = client.brpop([queue], timeout=5)
            listening = client.pubsub()
            listening.psubscribe(f"{channel}*")
            client.publish(channel, "word")
            listening.close()
            client.delete(queue, receipts)
            if taken is None:
                self._add("host", self.host, "what was written could not be read", _LOOK)
        except NoPermissionError as error:
            self.problems.append(self._not_allowed(str(error)))
        except RedisError as error:
            if any(sign in str(error) for sign in _CLUSTER):
                self.problems.append(self._cluster(str(error)))
            else:
                self._add("host", self.host, f"a queue does not work there ({error})", _LOOK)

    def _problem(self, key: str, value: object, reason: str, way_out: str) -> Problem:
        return Problem(f"{SECTION}.{key}", value, reason, way_out)

    def _add(self, key: str, value: object, reason: str, way_out: str) -> None:
        self.problems.append(self._problem(key, value, reason, way_out))


if __name__ == "__main__":
    found = told()
    run(f"the broker {found['host']}:{found['port']}", Look(found).run)
