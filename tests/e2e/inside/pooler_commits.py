"""Runs in a scheduler's pod: commits in parallel through the pooler with Airflow's own engines, and counts the errors.

Statements are repeated, so that a driver which prepares them on the server would do so: in transaction mode the next
transaction may meet another server connection, where a prepared statement is unknown.
"""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

from airflow import settings
from airflow.models.variable import Variable
from sqlalchemy import text

CLIENTS, COMMITS = 8, 50
UPDATE = text("UPDATE variable SET description = :value WHERE key = :key")


def commit_sync(key: str) -> list[str]:
    errors: list[str] = []
    for number in range(COMMITS):
        session = settings.get_session()()
        try:
            session.execute(UPDATE, {"value": str(number), "key": key})
            session.commit()
        except Exception as error:  # noqa: BLE001 - every kind is counted
            session.rollback()
            errors.append(repr(error)[:200])
        finally:
            session.close()
    return errors


async def commit_async(key: str) -> list[str]:
    errors: list[str] = []
    for number in range(COMMITS):
        async with settings.AsyncSession() as session:
            try:
                await session.execute(UPDATE, {"value": str(number), "key": key})
                await session.commit()
            except Exception as error:  # noqa: BLE001 - every kind is counted
                await session.rollback()
                errors.append(repr(error)[:200])
    return errors


async def all_async(keys: list[str]) -> list[str]:
    return [error for found in await asyncio.gather(*map(commit_async, keys)) for error in found]


def main() -> None:
    settings.configure_orm()
    keys = {kind: [f"pooler-{kind}-{number}" for number in range(CLIENTS)] for kind in ("sync", "async")}
    for key in (*keys["sync"], *keys["async"]):
        Variable.set(key, "probe")
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            sync = [error for found in pool.map(commit_sync, keys["sync"]) for error in found]
        errors = {"sync": sync, "async": asyncio.run(all_async(keys["async"]))}
        session = settings.get_session()()
        query = text("SELECT count(*) FROM variable WHERE key LIKE 'pooler-%' AND description = :last")
        last = session.execute(query, {"last": str(COMMITS - 1)}).scalar()
        session.close()
    finally:
        for key in (*keys["sync"], *keys["async"]):
            Variable.delete(key)
    print(json.dumps({"errors": errors, "ended_on_the_last_value": last}))  # noqa: T201


main()
