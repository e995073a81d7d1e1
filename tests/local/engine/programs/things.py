"""Makes the things that the configuration lists.

`things` is a list of {name, props, needs (names), opts}; `needs` feeds the serial of another thing into `props`.
"""

import json
from typing import Any

import pulumi


class Thing(pulumi.CustomResource):
    serial: pulumi.Output[str]

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("shelf:index:Thing", name, {**props, "serial": None}, opts)


class Group(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Group", name, None, opts)
        self.register_outputs({"label": name})


class Shelf(pulumi.ProviderResource):
    def __init__(self, name: str) -> None:
        super().__init__("shelf", name, {"wood": "oak"})


config = pulumi.Config()
provider = Shelf("shelf")
group = Group(config.get("group") or "group")
made: dict[str, Thing] = {}
for spec in json.loads(config.get("things") or "[]"):
    props = dict(spec.get("props", {}))
    for need in spec.get("needs", []):
        props[f"from-{need}"] = made[need].serial
    for key in spec.get("secret", []):
        props[key] = pulumi.Output.secret(props[key])
    options: dict[str, Any] = dict(spec.get("opts", {}))
    if "aliases" in options:
        options["aliases"] = [pulumi.Alias(**alias) for alias in options["aliases"]]
    if spec.get("grouped"):
        options["parent"] = group
    if not spec.get("defaulted"):
        options["provider"] = provider
    made[spec["name"]] = Thing(spec["name"], props, pulumi.ResourceOptions(**options))
if config.get("crash"):
    msg = "the roof is on fire"
    raise ValueError(msg)
if config.get("refuse"):
    raise pulumi.RunError(config.require("refuse"))
pulumi.export("serials", {name: thing.serial for name, thing in made.items()})
pulumi.export("hidden", pulumi.Output.secret("hush-hush-value"))
