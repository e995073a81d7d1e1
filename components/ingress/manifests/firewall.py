"""ModSecurity's configuration: the OWASP core rules with what Airflow's public API needs let through."""

from settings.ingress import FirewallSettings

_ENGINE = {"off": "Off", "detect": "DetectionOnly", "block": "On"}

_METHODS = "GET HEAD POST OPTIONS PUT PATCH DELETE"
"""The public API changes objects with PUT, PATCH and DELETE, which the core rules refuse by default."""

FREE_TEXT = (
    ("/api/v2/variables", "json.value"),
    ("/api/v2/connections", "json.extra"),
    ("/api/v2/connections", "json.password"),
    ("/api/v2/dags", "json.conf"),
    ("/api/v2/dags", "json.note"),
    ("/auth/token", "json.password"),
    ("/auth/login", "password"),
)
"""Path prefix and argument that holds whatever its author likes: a query, a script, a password. The api-server stores
these as they are and never runs them, so matching attack patterns in them only locks people out."""


def render(firewall: FirewallSettings) -> str:
    """The text of `modsecurity.conf`."""
    return "\n".join([*_engine(firewall), *_setup(firewall), *_free_text(), *_RULES, ""])


def _engine(firewall: FirewallSettings) -> list[str]:
    return [
        "Include /etc/modsecurity/modsecurity.conf-recommended",
        f"SecRuleEngine {_ENGINE[firewall.mode]}",
        "SecRequestBodyAccess On",
        # Answers are ours; reading them would hold back streamed logs.
        "SecResponseBodyAccess Off",
        "SecTmpDir /tmp",
        "SecDataDir /tmp",
        "SecAuditEngine RelevantOnly",
        "SecAuditLogFormat JSON",
        # Headers and matched rules, never bodies: they hold passwords.
        "SecAuditLogParts AHZ",
        "SecAuditLog /dev/stdout",
    ]


def _setup(firewall: FirewallSettings) -> list[str]:
    return [
        "Include /etc/modsecurity/crs/crs-setup.conf",
        f'SecAction "id:900000,phase:1,nolog,pass,t:none,setvar:tx.paranoia_level={firewall.paranoia_level}"',
        f"SecAction \"id:900200,phase:1,nolog,pass,t:none,setvar:'tx.allowed_methods={_METHODS}'\"",
    ]


def _free_text() -> list[str]:
    return [
        f'SecRule REQUEST_URI "@beginsWith {path}" "id:{1000 + number},phase:1,nolog,pass,t:none,t:urlDecodeUni,'
        f't:normalizePath,ctl:ruleRemoveTargetByTag=OWASP_CRS;ARGS:{argument}"'
        for number, (path, argument) in enumerate(FREE_TEXT)
    ]


_RULES = ("Include /usr/share/modsecurity-crs/rules/*.conf",)
