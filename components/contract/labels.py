"""Labels of every object."""

from dataclasses import dataclass

PART_OF = "airflow-platform"
NAME = "app.kubernetes.io/name"
ENVIRONMENT_LABEL = "airflow-platform/environment"
ALERT_TIER_LABEL = "airflow-platform/alert-tier"
ROLE_LABEL = "airflow-platform/role"
LONGEST_TASK_ANNOTATION = "airflow-platform/longest-task-seconds"
SECRETS_VERSION_ANNOTATION = "airflow-platform/secrets-version"
TASK_SECRETS_ANNOTATION = "airflow-platform/task-secrets-version"
"""On who makes pods that mount another Secret than its own."""
CONFIG_CHECKSUM_ANNOTATION = "airflow-platform/config-checksum"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformLabels:
    """The labels that do not differ between workloads.

    Attributes:
        environment: dev, staging or prod.
    """

    environment: str

    def of(self, name: str, component: str, version: str | None = None, **own: str) -> dict[str, str]:
        """Labels of an object.

        Args:
            name: the workload, such as `scheduler`.
            component: the component it belongs to, such as `airflow-core`.
            version: of the software inside; never part of a selector.
            own: further labels, keys as they are.
        """
        labels = {
            **self.selector(name),
            "app.kubernetes.io/component": component,
            "app.kubernetes.io/managed-by": "pulumi",
            ENVIRONMENT_LABEL: self.environment,
            **own,
        }
        return {**labels, "app.kubernetes.io/version": version} if version else labels

    def selector(self, name: str) -> dict[str, str]:
        """What selects the pods of a workload; never changes once deployed."""
        return {NAME: name, "app.kubernetes.io/part-of": PART_OF}
