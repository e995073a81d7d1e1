"""What a pod of a drill's stack takes."""

from tests.drills.stack import DeployedStack


def memory(stack: DeployedStack, namespace: str, pod: str, container: str) -> int:
    """Working set of a pod's container in MiB, as the kubelet tells it: what counts against the limit."""
    node = stack.get("pod", pod, "--namespace", namespace)["spec"]["nodeName"]
    told = stack.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/metrics/resource")
    own = f'container_memory_working_set_bytes{{container="{container}",namespace="{namespace}",pod="{pod}"}}'
    (line,) = [line for line in told.splitlines() if line.startswith(own)]
    return int(float(line.split()[1])) // 2**20
