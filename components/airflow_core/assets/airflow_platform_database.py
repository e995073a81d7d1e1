"""Arguments of database connections; named by `[database] sql_alchemy_connect_args` and `..._async`.

Runs inside the Airflow image.
"""

_KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 5,
    # Bytes that nobody confirms for this many milliseconds end the connection: a dead primary is left soon.
    "tcp_user_timeout": 15000,
}

SYNC = {**_KEEPALIVE}

# A pooler in transaction mode hands each transaction another server connection, where a prepared statement is unknown.
ASYNC = {**_KEEPALIVE, "prepare_threshold": None}
