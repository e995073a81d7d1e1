"""The base of every component."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import pulumi


class PlatformComponent(pulumi.ComponentResource):
    """A component: constant type token, children named after their role, outputs registered once.

    Attributes:
        TOKEN: type token, such as `airflow-platform:data:PostgresHA`.
        OUTPUTS: names of the public attributes, which are exactly what is registered.
    """

    TOKEN: ClassVar[str]
    OUTPUTS: ClassVar[tuple[str, ...]]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(self.TOKEN, name, None, opts)
        self.name = name

    def child_name(self, role: str) -> str:
        """Logical name of a child: the component's name and the child's role."""
        return f"{self.name}-{role}"

    def child_opts(
        self,
        *,
        protect: bool | None = None,
        depends_on: list[pulumi.Resource] | None = None,
        additional_secret_outputs: list[str] | None = None,
        ignore_changes: list[str] | None = None,
        delete_before_replace: bool | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child; the provider is inherited from the component."""
        return pulumi.ResourceOptions(
            parent=self,
            protect=protect,
            depends_on=depends_on,
            additional_secret_outputs=additional_secret_outputs,
            ignore_changes=ignore_changes,
            delete_before_replace=delete_before_replace,
        )

    def finish(self) -> None:
        """Register the public attributes; the last line of every component's constructor."""
        outputs: Mapping[str, Any] = {name: _plain(getattr(self, name)) for name in self.OUTPUTS}
        self.register_outputs(dict(outputs))


def _plain(value: Any) -> Any:
    """A record as a mapping, so that it can be registered."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in cast("Mapping[str, Any]", value).items()}
    fields = getattr(value, "__dataclass_fields__", None)
    return {name: _plain(getattr(value, name)) for name in fields} if fields else value
