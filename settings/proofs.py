"""Rules between numbers: what has to fit together before anything is touched.

Each rule is a function from the whole settings to problems; `RULES` is the list of them.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from settings.airflow_proofs import AIRFLOW_RULES
from settings.backup_proofs import BACKUP_RULES
from settings.bundle_proofs import BUNDLE_RULES
from settings.connection_proofs import CONNECTION_RULES
from settings.credential_proofs import CREDENTIAL_RULES
from settings.declared_proofs import DECLARED_RULES
from settings.edge_proofs import EDGE_RULES
from settings.environment_proofs import ENVIRONMENT_RULES
from settings.executor_proofs import EXECUTOR_RULES
from settings.external_proofs import EXTERNAL_RULES
from settings.import_proofs import IMPORT_RULES
from settings.log_proofs import LOG_RULES
from settings.postgres_proofs import POSTGRES_RULES
from settings.problems import Problem, SettingsError
from settings.resource_proofs import RESOURCE_RULES
from settings.restore_proofs import RESTORE_RULES
from settings.slot_proofs import SLOT_RULES
from settings.worker_proofs import WORKER_RULES

if TYPE_CHECKING:
    from settings.platform_settings import PlatformSettings

Rule = Callable[["PlatformSettings"], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    *ENVIRONMENT_RULES,
    *SLOT_RULES,
    *CONNECTION_RULES,
    *POSTGRES_RULES,
    *WORKER_RULES,
    *RESOURCE_RULES,
    *EDGE_RULES,
    *BACKUP_RULES,
    *RESTORE_RULES,
    *IMPORT_RULES,
    *EXTERNAL_RULES,
    *AIRFLOW_RULES,
    *DECLARED_RULES,
    *BUNDLE_RULES,
    *CREDENTIAL_RULES,
    *LOG_RULES,
    *EXECUTOR_RULES,
)

_OF_OWN_DATABASE = (*POSTGRES_RULES, *BACKUP_RULES, *RESTORE_RULES)
"""Rules about what a database has that the platform runs itself."""


def prove(settings: "PlatformSettings") -> None:
    """Check every rule.

    Raises:
        SettingsError: with every problem found.
    """
    skipped: tuple[Rule, ...] = _OF_OWN_DATABASE if settings.postgres.is_external else ()
    problems = [problem for rule in RULES if rule not in skipped for problem in rule(settings)]
    if problems:
        raise SettingsError(problems)
