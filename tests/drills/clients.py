"""How the drills' own clients reach a stack's database."""

from pathlib import Path
from urllib.parse import urlsplit


def conninfo(url: str, host: str, address: str, authority: Path) -> str:
    """A client like an Airflow process's: its login, verified TLS, no more patience than it has.

    Args:
        url: the process's file `database_url`.
        host: full name of the Service that it goes through.
        address: of that Service, as the machine reaches it.
        authority: file with the certificate of the stack's authority.
    """
    login = urlsplit(url)
    return (
        f"host={host} hostaddr={address} port={login.port} "
        f"dbname={login.path[1:]} user={login.username} password={login.password} sslmode=verify-full "
        f"sslrootcert={authority} connect_timeout=3 tcp_user_timeout=3000 application_name=ledger"
    )
