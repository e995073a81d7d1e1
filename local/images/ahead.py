"""The slowest images, begun before there is a registry to push them to."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from local.errors import LocalError
from local.images.builder import SIDE_BY_SIDE, ImageBuilder
from local.images.catalogue import load_catalogue
from local.progress import Reporter

AHEAD = ("airflow", "statsd-exporter")
"""Each takes five minutes on two cores, all the others together one (2026-11-22)."""


@contextmanager
def built_ahead(reporter: Reporter, builder: ImageBuilder | None = None) -> Generator[None]:
    """Build the layers of the slowest images while the block runs, and wait for them at its end.

    Whoever builds and pushes these images afterwards finds their layers. One that fails is told of and no more: its own
    step will say what is wrong.
    """
    builder = builder or ImageBuilder()
    entries = {entry.name: entry for entry in load_catalogue()}

    def build(name: str) -> None:
        try:
            with reporter.step(f"Building image {name} ahead") as step:
                builder.build_and_push(entries[name].request(), step.note, push=False)
        except LocalError as error:
            first, *_ = str(error).splitlines()
            reporter.warn(f"{first} It is built again when it is needed.")

    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE, thread_name_prefix="ahead") as pool:
        for name in AHEAD:
            pool.submit(build, name)
        yield
