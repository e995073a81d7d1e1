"""A program as a list of things, run inside the test's own process: quick, and in a known order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.engine import urn as urns
from local.engine.goal import Goal, Registered, Registrar
from local.engine.monitor import ProgramContext
from local.engine.providers.base import UNKNOWN
from local.engine.values import Secret

from .shelf import THING


@dataclass(frozen=True, kw_only=True)
class Thing:
    name: str
    needs: tuple[str, ...] = ()
    props: dict[str, Any] = field(default_factory=dict[str, Any])
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    secret: tuple[str, ...] = ()
    grouped: bool = False
    defaulted: bool = False


def thing(name: str, *needs: str, **props: Any) -> Thing:
    return Thing(name=name, needs=needs, props=props)


@dataclass
class Script:
    """What `run_program` is to a real program."""

    things: tuple[Thing, ...]
    group: str = "group"
    group_options: dict[str, Any] = field(default_factory=dict[str, Any])
    wood: str = "oak"
    end: Callable[[], None] | None = None

    def __call__(
        self,
        program: Path,
        *,
        root: Path,
        context: ProgramContext,
        registrar: Registrar,
        on_message: Callable[[str, str], None] | None = None,
    ) -> None:
        name = f"{context.project}-{context.stack}"
        stack = registrar.register(self._goal(context, "", urns.STACK_TYPE, name, custom=False)).urn
        provider = registrar.register(
            self._goal(context, stack, "pulumi:providers:shelf", "shelf", inputs={"wood": self.wood})
        )
        reference = urns.provider_reference(provider.urn, provider.id)
        group = registrar.register(
            self._goal(context, stack, "test:index:Group", self.group, custom=False, **self.group_options)
        ).urn
        done: dict[str, Registered] = {}
        for entry in self.things:
            done[entry.name] = registrar.register(
                self._thing(context, entry, done, group if entry.grouped else stack, reference)
            )
        if self.end is not None:
            self.end()
        outputs: dict[str, Any] = {entry: result.outputs.get("serial") for entry, result in done.items()}
        registrar.register_outputs(stack, {"serials": outputs, "hidden": Secret("hush-hush-value")})

    def _thing(
        self, context: ProgramContext, entry: Thing, done: dict[str, Registered], parent: str, reference: str
    ) -> Goal:
        inputs = {key: Secret(value) if key in entry.secret else value for key, value in entry.props.items()}
        inputs |= {f"from-{need}": done[need].outputs.get("serial", UNKNOWN) for need in entry.needs}
        return self._goal(
            context,
            parent,
            THING,
            entry.name,
            inputs=inputs,
            provider="" if entry.defaulted else reference,
            dependencies=tuple(done[need].urn for need in entry.needs),
            property_dependencies={
                **dict.fromkeys(entry.props, ()),
                **{f"from-{need}": (done[need].urn,) for need in entry.needs},
            },
            **entry.options,
        )

    def _goal(self, context: ProgramContext, parent: str, kind: str, name: str, **rest: Any) -> Goal:
        urn = urns.build(context.stack, context.project, parent, kind, name)
        given: dict[str, Any] = {"custom": True, **rest}
        return Goal(urn=urn, type=kind, name=name, parent=parent, **given)
