"""Every rule, by hand: a rule that is not listed does not exist."""

from .capacity import autoscaler_bounds, cost_ceiling, quotas, requests_and_limits, scratch_limits
from .model import Rule
from .network import (
    closed_execution_api,
    data_tier,
    default_deny,
    edge_tls,
    narrow_policies,
    service_exposure,
)
from .reliability import (
    bounded_jobs,
    database_free_probes,
    disruption_budgets,
    health_probes,
    labels,
    no_bare_pods,
    protected_data,
    replica_floors,
    spread,
    visibility_timeout,
    worker_drain,
)
from .secrets import default_accounts, plain_secrets, secret_files, worker_secrets
from .security import (
    airflow_safety,
    least_rbac,
    namespace_standards,
    pinned_images,
    restricted_pods,
    service_account_tokens,
)

RULES: tuple[Rule, ...] = (
    restricted_pods.RULE,
    pinned_images.RULE,
    service_account_tokens.RULE,
    least_rbac.RULE,
    namespace_standards.RULE,
    airflow_safety.RULE,
    plain_secrets.RULE,
    default_accounts.RULE,
    secret_files.RULE,
    worker_secrets.RULE,
    default_deny.RULE,
    narrow_policies.RULE,
    data_tier.RULE,
    service_exposure.RULE,
    closed_execution_api.RULE,
    edge_tls.RULE,
    protected_data.RULE,
    worker_drain.RULE,
    visibility_timeout.RULE,
    replica_floors.RULE,
    disruption_budgets.RULE,
    spread.RULE,
    database_free_probes.RULE,
    health_probes.RULE,
    bounded_jobs.RULE,
    no_bare_pods.RULE,
    labels.RULE,
    requests_and_limits.RULE,
    scratch_limits.RULE,
    autoscaler_bounds.RULE,
    quotas.RULE,
    cost_ceiling.RULE,
)
