"""References of the images that pods run."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRefs:
    """One reference by digest for each image of `images/catalogue.yaml`."""

    airflow: pulumi.Input[str]
    postgres: pulumi.Input[str]
    pgbouncer: pulumi.Input[str]
    valkey: pulumi.Input[str]
    edge: pulumi.Input[str]
    statsd_exporter: pulumi.Input[str]
    prometheus: pulumi.Input[str]
    alertmanager: pulumi.Input[str]
    exporters: pulumi.Input[str]
    keda: pulumi.Input[str]
    versitygw: pulumi.Input[str]
