"""A resource package for tests: things that lie as files in a folder, so that they outlive any process.

Inputs of `shelf:index:Thing`: `label` (may change), `shape` (a change replaces), `place` (a fixed name: a change of
`shape` then deletes first), `slow` (seconds), `break` (fails), `halfway` (exists but fails), `secret`.
"""

import json
import time
import uuid
from pathlib import Path
from typing import Any

from local.engine.providers.base import UNKNOWN, Created, Diff, Properties, ProviderError, StepContext

THING = "shelf:index:Thing"


class Shelf:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.calls: list[tuple[str, str]] = []

    def things(self) -> dict[str, Properties]:
        return {path.stem: json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))}

    def check(self, context: StepContext, olds: Properties | None, news: Properties) -> Properties:
        if news.get("label") == "forbidden":
            msg = "label: 'forbidden' is forbidden"
            raise ProviderError(msg)
        return news

    def diff(self, context: StepContext, old: Created, old_inputs: Properties, news: Properties) -> Diff:
        keys = sorted(old_inputs.keys() | news.keys())
        changed = {key: (old_inputs.get(key), news.get(key)) for key in keys if old_inputs.get(key) != news.get(key)}
        replace = frozenset(key for key in changed if key in {"shape", "place"})
        first = "place" in news and "place" not in changed
        return Diff(changed=changed, replace=replace, delete_before_replace=first and bool(replace))

    def create(self, context: StepContext, news: Properties) -> Created:
        if context.preview:
            self._refuse_taken(str(news.get("place")))
            return Created(id="", outputs={**news, "serial": UNKNOWN})
        self.calls.append(("create", context.name))
        if news.get("break"):
            msg = "the shelf broke"
            raise ProviderError(msg)
        identity = str(news.get("place") or f"{context.name}-{uuid.uuid4().hex[:6]}")
        made = Created(id=identity, outputs={**news, "serial": f"serial-of-{context.name}"})
        self._refuse_taken(identity)
        self._put(context, made)
        self._wait(context, news, made)
        if news.get("halfway"):
            msg = "it never became ready"
            raise ProviderError(msg, partial=made)
        return made

    def _put(self, context: StepContext, made: Created) -> None:
        """In one move: another process may look at the shelf at any time."""
        path = self.folder / f"{made.id}.json"
        being_written = path.with_suffix(".tmp")
        being_written.write_text(json.dumps({**made.outputs, "name": context.name}))
        being_written.replace(path)

    def _refuse_taken(self, identity: str) -> None:
        if (self.folder / f"{identity}.json").exists():
            msg = f"{identity} is taken"
            raise ProviderError(msg)

    def _wait(self, context: StepContext, news: Properties, made: Created) -> None:
        end = time.monotonic() + float(news.get("slow") or 0)
        while time.monotonic() < end:
            context.report("waiting")
            if context.cancelled():
                msg = "stopped while waiting"
                raise ProviderError(msg, partial=made)
            time.sleep(0.02)

    def update(self, context: StepContext, old: Created, old_inputs: Properties, news: Properties) -> Created:
        made = Created(id=old.id, outputs={**news, "serial": old.outputs.get("serial")})
        if context.preview:
            return made
        self.calls.append(("update", context.name))
        if news.get("break"):
            msg = "the shelf broke"
            raise ProviderError(msg)
        self._put(context, made)
        return made

    def read(self, context: StepContext, id: str, inputs: Properties) -> Created | None:  # noqa: A002
        for identity, thing in self.things().items():
            if identity == id or (not id and thing["name"] == context.name):
                outputs: dict[str, Any] = {key: value for key, value in thing.items() if key != "name"}
                return Created(id=identity, outputs=outputs)
        return None

    def delete(self, context: StepContext, old: Created, old_inputs: Properties) -> None:
        self.calls.append(("delete", context.name))
        if old_inputs.get("stuck"):
            msg = "it does not go"
            raise ProviderError(msg)
        (self.folder / f"{old.id}.json").unlink(missing_ok=True)

    def invoke(self, token: str, arguments: Properties, provider_config: Properties) -> Properties:
        return {"echo": arguments, "config": provider_config}
