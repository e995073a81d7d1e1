"""Who serves which port and who talks to whom, as data.

From these records alone come NetworkPolicies, scrape targets and the architecture picture.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Outside(StrEnum):
    """Parties that are not workloads of the platform."""

    CLIENTS = "clients"
    """People and programs outside the cluster."""
    KUBERNETES_API = "kubernetes-api"
    """The API server."""
    KUBELETS = "kubelets"
    """The kubelet of every node, for what containers and volumes use."""
    INTERNET = "internet"
    """Anything outside the cluster: what tasks talk to, a login provider, alert receivers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideService:
    """One service that somebody else runs, such as a cloud's database.

    Attributes:
        name: what edges call it.
        port: that it serves, by TCP.
        networks: in which its addresses lie, in CIDR notation; any address when empty.
    """

    name: str
    port: int
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port that a workload serves.

    Attributes:
        name: as in the pod, at most 15 characters.
        number: the container's port.
        protocol: TCP or UDP.
        scrape_path: where Prometheus reads metrics, such as `/metrics`; None for no metrics.
        scrape_query: what it asks there, by name; of the request, so that another question restarts nobody here.
        scheme: of the metrics endpoint.
    """

    name: str
    number: int
    protocol: Literal["TCP", "UDP"] = "TCP"
    scrape_path: str | None = None
    scrape_query: tuple[tuple[str, str], ...] = ()
    scheme: Literal["http", "https"] = "http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A port of another workload that this one talks to."""

    workload: str
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A set of equal pods, selected by its name label.

    Attributes:
        name: value of the label `app.kubernetes.io/name`.
        namespace: where its pods run.
        ports: what it serves.
        needs: whom it talks to. DNS is open to every workload and not listed.
        reaches: outside parties that it talks to.
        services: services of others that it talks to.
        reached_by: outside parties that talk to its ports.
        brought_by_cluster: its pods are not ours; ways to ours are opened, its own doors are its own matter.
    """

    name: str
    namespace: str
    ports: tuple[Port, ...] = ()
    needs: tuple[Need, ...] = ()
    reaches: frozenset[Outside] = frozenset()
    services: tuple[OutsideService, ...] = ()
    reached_by: frozenset[Outside] = frozenset()
    brought_by_cluster: bool = False
