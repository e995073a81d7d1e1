"""Items of a service in chunks: a worked pipeline for many small pieces of work, such as 20,000 in an hour.

A task costs 0.2 to 0.3 s of processor time before it does anything, whether it takes one item or hundreds.
So a run lists chunks, a task takes each chunk, and within a task some items are under way at once, no more than the service
is to bear. Each item is put where it belongs by its own number: a task that is tried again changes nothing that is there.

Has no schedule. Parameters: `source`, the URL of a service that gives items (`GET items?first=..&count=..`, a list of
`{"id": .., "text": ..}`) and takes what became of each (`PUT items/<id>`); `first` and `items`, which ones; `chunk`, items of
a task; `at_once`, items under way in a task; `pause_seconds` after each.
"""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import httpx
from airflow.sdk import Param, dag, get_current_context, task
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_exponential_jitter

DAG_ID = "platform_items"
MOST_CHUNKS = 1000
"""Airflow maps a task over 1,024 values at most."""
TASKS_AT_ONCE = 4
TRIES = 5
CALL_SECONDS = 10.0


def chunks(first: int, items: int, size: int) -> list[dict[str, int]]:
    """Where each chunk begins and how many items it has.

    Raises:
        ValueError: there would be too many.
    """
    if items > MOST_CHUNKS * size:
        least = -(-items // MOST_CHUNKS)
        raise ValueError(
            f"items = {items} in chunks of {size}: over {MOST_CHUNKS} tasks. Write chunk = {least} or more"
        )
    end = first + items
    return [{"first": at, "count": min(size, end - at)} for at in range(first, end, size)]


def transformed(text: str) -> dict[str, str | int]:
    """What becomes of an item: its words counted, and a digest that two ways to write it share."""
    words = text.casefold().split()
    return {"words": len(words), "digest": hashlib.sha256(" ".join(words).encode()).hexdigest()}


def passes(error: BaseException) -> bool:
    """Whether asking once more may help: no answer, too many questions, or a fault of the service's own."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code == httpx.codes.TOO_MANY_REQUESTS or error.response.is_server_error
    return isinstance(error, httpx.TransportError)


@retry(
    retry=retry_if_exception(passes),
    wait=wait_exponential_jitter(initial=0.2, max=5),
    stop=stop_after_attempt(TRIES),
    reraise=True,
)
async def ask(client: httpx.AsyncClient, method: str, path: str, **content: Any) -> httpx.Response:
    """The service's answer, which is a good one."""
    return (await client.request(method, path, **content)).raise_for_status()


async def process_chunk(client: httpx.AsyncClient, chunk: dict[str, int], at_once: int, pause_seconds: float) -> int:
    """Fetch, transform and put every item of a chunk; returns how many."""
    items = (await ask(client, "GET", "items", params=chunk)).json()
    free = asyncio.Semaphore(at_once)

    async def process_one(item: dict[str, Any]) -> None:
        async with free:
            await ask(client, "PUT", f"items/{item['id']}", json=transformed(item["text"]))
            await asyncio.sleep(pause_seconds)

    async with asyncio.TaskGroup() as group:
        for item in items:
            group.create_task(process_one(item))
    return len(items)


@task
def list_chunks() -> list[dict[str, int]]:
    """One value for each task."""
    params = get_current_context()["params"]
    return chunks(params["first"], params["items"], params["chunk"])


@task(retries=3, retry_delay=timedelta(seconds=10), max_active_tis_per_dagrun=TASKS_AT_ONCE)
def process(chunk: dict[str, int]) -> int:
    """Take one chunk through."""
    params = get_current_context()["params"]

    async def through() -> int:
        async with httpx.AsyncClient(base_url=params["source"], timeout=CALL_SECONDS) as client:
            return await process_chunk(client, chunk, params["at_once"], params["pause_seconds"])

    return asyncio.run(through())


@task
def count(processed: list[int]) -> int:
    """Items of the run; fails when the service had fewer than were asked for."""
    wanted, found = get_current_context()["params"]["items"], sum(processed)
    if found != wanted:
        raise ValueError(f"items = {wanted}: the service gave {found}")
    return found


@dag(
    dag_id=DAG_ID,
    schedule=None,
    catchup=False,
    max_active_runs=4,
    dagrun_timeout=timedelta(hours=1),
    default_args={"retries": 1, "retry_delay": timedelta(seconds=1), "owner": "platform"},
    params={
        "source": Param(type="string", pattern="^https?://"),
        "first": Param(0, type="integer", minimum=0),
        "items": Param(1000, type="integer", minimum=1),
        "chunk": Param(100, type="integer", minimum=1, maximum=1000),
        "at_once": Param(8, type="integer", minimum=1, maximum=64),
        "pause_seconds": Param(0.0, type="number", minimum=0, maximum=60),
    },
    tags=["platform"],
    doc_md=__doc__,
)
def platform_items() -> None:
    """Map a task over the chunks."""
    count(process.expand(chunk=list_chunks()))


platform_items()
