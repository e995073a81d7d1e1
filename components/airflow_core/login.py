"""`webserver_config.py`: who may log in, as Flask-AppBuilder reads it."""

from pathlib import PurePosixPath

from components.contract.secrets import MOUNT_PATH
from settings.airflow import AuthKind, OidcSettings
from settings.platform_settings import PlatformSettings

DATABASE_LOGIN = '''"""Logins against the database; the platform generates the administrator."""

from flask_appbuilder.const import AUTH_DB

AUTH_TYPE = AUTH_DB
WTF_CSRF_ENABLED = True
# Counts per process; the edge limits requests before they get here.
RATELIMIT_STORAGE_URI = "memory://"
'''

_OIDC = '''"""Logins at an OpenID Connect provider, where multi-factor authentication lives."""

from pathlib import Path
from typing import Any

from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from flask_appbuilder.const import AUTH_OAUTH

_PROVIDER = "oidc"
_ISSUER = {issuer!r}
_CLIENT_ID = {client_id!r}
_ROLES_CLAIM = {roles_claim!r}

AUTH_TYPE = AUTH_OAUTH
WTF_CSRF_ENABLED = True
# Counts per process; the edge limits requests before they get here.
RATELIMIT_STORAGE_URI = "memory://"

# Whoever the provider lets in gets an account; without a mapped claim it sees nothing.
AUTH_USER_REGISTRATION = True
AUTH_USER_REGISTRATION_ROLE = "Public"
AUTH_ROLES_SYNC_AT_LOGIN = True
AUTH_ROLES_MAPPING = {role_mapping!r}

OAUTH_PROVIDERS = [
    {{
        "name": _PROVIDER,
        "icon": "fa-key",
        "token_key": "access_token",
        "remote_app": {{
            "client_id": _CLIENT_ID,
            "client_secret": Path({secret_file!r}).read_text(encoding="utf-8").strip(),
            "server_metadata_url": _ISSUER.rstrip("/") + "/.well-known/openid-configuration",
            "client_kwargs": {{"scope": "openid email profile", "code_challenge_method": "S256"}},
        }},
    }}
]


class OidcSecurityManager(FabAirflowSecurityManagerOverride):
    """Takes name and roles from the verified ID token."""

    def get_oauth_user_info(self, provider: str, resp: dict[str, Any]) -> dict[str, Any]:
        """What Flask-AppBuilder wants to know about a user that the provider let in."""
        claims = resp["userinfo"]
        roles = claims.get(_ROLES_CLAIM) or []
        return {{
            "username": claims["sub"],
            "email": claims.get("email") or claims["sub"],
            "first_name": claims.get("given_name") or claims.get("preferred_username") or claims["sub"],
            "last_name": claims.get("family_name") or "",
            "role_keys": [roles] if isinstance(roles, str) else list(roles),
        }}


SECURITY_MANAGER_CLASS = OidcSecurityManager
'''


def webserver_config(settings: PlatformSettings) -> str:
    """The text of `webserver_config.py`; a client secret is read from its file, never written here."""
    auth = settings.airflow.auth
    if auth.kind is not AuthKind.OIDC or auth.oidc is None:
        return DATABASE_LOGIN
    return _oidc(auth.oidc)


def _oidc(oidc: OidcSettings) -> str:
    return _OIDC.format(
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        roles_claim=oidc.roles_claim,
        role_mapping={claim: list(roles) for claim, roles in sorted(oidc.role_mapping.items())},
        secret_file=str(PurePosixPath(MOUNT_PATH) / "oidc_client_secret"),
    )
