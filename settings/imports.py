"""Settings of the metadata database of another Airflow, which a new database is filled from."""

from pydantic import Field

from settings.external import Certificates, ExternalService, Login


class ImportSettings(ExternalService):
    """A PostgreSQL with the metadata database of another Airflow, copied once into one that is still empty.

    The way to another major version of PostgreSQL, and into the platform from an Airflow that runs elsewhere. The source
    is read only.
    """

    port: int = Field(default=5432, ge=1, le=65535)
    """Its port; PostgreSQL itself, or a pooler in session mode."""
    authority: Certificates | None = None
    """Certificates, PEM, of the authority that signed the source's; the public ones of the image when left out."""
    database: Login = "airflow"
    """Its metadata database."""
    user: Login = "airflow"
    """Log-in name that may read all tables; its password is the value `import_password` of `credentials.given`."""
    allow_writers: bool = False
    """Copy although somebody who may write is logged in to the source, for a trial: what they write afterwards stays
    behind."""
    timeout_seconds: int = Field(default=3600, ge=60, le=86400)
    """Seconds for the whole copy."""
