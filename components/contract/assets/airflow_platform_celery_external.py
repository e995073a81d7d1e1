# pyright: basic, reportMissingImports=false
"""Celery's configuration with a broker that somebody else runs: another authority signed its certificate.

Runs inside the Airflow image, beside `airflow_platform_celery.py`.
"""

from airflow.configuration import conf
from airflow_platform_celery import CELERY_CONFIG as _OWN

_TLS = {**_OWN["broker_use_ssl"], "ssl_ca_certs": conf.get("celery", "ssl_cacert")}

CELERY_CONFIG = {**_OWN, "broker_use_ssl": _TLS, "redis_backend_use_ssl": _TLS}
