"""A namespace, a password, a secret that holds it, and a config map that depends on both."""

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random


class Box(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("test:index:Box", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        space = k8s.core.v1.Namespace(f"{name}-space", metadata=k8s.meta.v1.ObjectMetaArgs(name="box"), opts=child)
        password = random.RandomPassword(f"{name}-password", length=24, special=False, opts=child)
        key = random.RandomBytes(f"{name}-key", length=32, opts=child)
        self.secret = k8s.core.v1.Secret(
            f"{name}-secret",
            metadata=k8s.meta.v1.ObjectMetaArgs(namespace=space.metadata.name),
            string_data={"password": password.result, "key": key.base64},
            opts=child,
        )
        k8s.core.v1.ConfigMap(
            f"{name}-config",
            metadata=k8s.meta.v1.ObjectMetaArgs(name="config", namespace=space.metadata.name),
            data={
                "secret": self.secret.metadata.name,
                "greeting": pulumi.Config().require("greeting"),
                "replicas": str(pulumi.Config().require_object("shape")["replicas"]),
            },
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=True)),
        )
        self.register_outputs({"secret": self.secret.metadata.name})


provider = k8s.Provider("cluster", kubeconfig="{}", context="somewhere")
random_provider = random.Provider("dice")
box = Box("box", pulumi.ResourceOptions(providers=[provider, random_provider]))
pulumi.export("secret_name", box.secret.metadata.name)
pulumi.export("token", pulumi.Config().require_secret("token"))
