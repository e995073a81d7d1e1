"""Every rule, by hand: a rule that is not listed does not exist."""

from .capacity import requests_and_limits
from .model import Rule
from .network import default_deny, edge_tls
from .reliability import database_free_probes, protected_data, replica_floors, worker_drain
from .secrets import default_accounts, plain_secrets
from .security import pinned_images, restricted_pods

RULES: tuple[Rule, ...] = (
    restricted_pods.RULE,
    pinned_images.RULE,
    requests_and_limits.RULE,
    plain_secrets.RULE,
    default_accounts.RULE,
    default_deny.RULE,
    edge_tls.RULE,
    protected_data.RULE,
    worker_drain.RULE,
    replica_floors.RULE,
    database_free_probes.RULE,
)
