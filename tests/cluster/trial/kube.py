"""kubectl and helm for one release in one namespace."""

import dataclasses
import json
import subprocess
import time

INSTANCE, COMPONENT = "app.kubernetes.io/instance", "app.kubernetes.io/component"


class KubeError(RuntimeError):
    pass


@dataclasses.dataclass(frozen=True)
class Pod:
    name: str
    component: str
    ip: str | None
    ready: bool
    leaving: bool  # deleted, and not yet gone
    containers: tuple  # ids of those that run, as containerd knows them


def _run(*command, timeout):
    command = list(map(str, command))
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise KubeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Kube:
    def __init__(self, namespace, release, chart):
        self.namespace, self.release, self.chart = namespace, release, chart

    def kubectl(self, *arguments, timeout=60):
        return _run("kubectl", "--namespace", self.namespace, *arguments, timeout=timeout)

    def get(self, kind, name=None, selector=None):
        """An object, or the list of those that `selector` picks."""
        arguments = ["get", kind, *([name] if name else []), *(["--selector", selector] if selector else [])]
        found = json.loads(self.kubectl(*arguments, "--output", "json"))
        return found if name else found["items"]

    def of_release(self, kind, component=None):
        labels = [f"{INSTANCE}={self.release}", *([f"{COMPONENT}={component}"] if component else [])]
        return self.get(kind, selector=",".join(labels))

    def upgrade(self, timeout=300, **values):
        """`helm upgrade` with these values changed; hooks have run when it returns, rollouts have begun."""
        changes = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
        _run(
            "helm", "upgrade", self.release, self.chart, "--namespace", self.namespace, "--reuse-values",
            "--timeout", f"{timeout}s", *changes, timeout=timeout + 10,
        )  # fmt: skip

    # ---- what runs ----

    def workloads(self, component=None):
        """ "deployment/NAME" and "statefulset/NAME" of all that serve."""
        return [
            f"{kind}/{item['metadata']['name']}"
            for kind in ("deployment", "statefulset")
            for item in self.of_release(kind, component)
        ]

    def image_tag(self, program):
        (deployment,) = self.of_release("deployment", program)
        return deployment["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2]

    def wait_rolled_out(self, component=None, timeout=300):
        """Until every pod of the newest revision is ready and those of the others are gone. Seconds it took."""
        began = time.monotonic()
        for workload in self.workloads(component):
            self.kubectl("rollout", "status", workload, f"--timeout={timeout}s", timeout=timeout + 10)
        return time.monotonic() - began

    def pods(self, component=None):
        """Those of Deployments and StatefulSets; Jobs come and go by themselves."""
        return [_pod(item) for item in self.of_release("pod", component) if _serves(item)]

    def delete_pod(self, name, grace=None):
        """Does not wait until it is gone. `grace` in seconds; the pod's own without it."""
        arguments = [] if grace is None else [f"--grace-period={grace}"]
        self.kubectl("delete", "pod", name, "--wait=false", *arguments)

    def restarts(self):
        """{component: how often a container of its present pods was started again}."""
        found = {}
        for item in filter(_serves, self.of_release("pod")):
            component = item["metadata"]["labels"].get(COMPONENT, "")
            counts = (c["restartCount"] for c in item["status"].get("containerStatuses", ()))
            found[component] = found.get(component, 0) + sum(counts)
        return found

    # ---- where it is reached from outside ----

    def node_address(self):
        nodes = json.loads(_run("kubectl", "get", "nodes", "--output", "json", timeout=60))["items"]
        return next(a["address"] for a in nodes[0]["status"]["addresses"] if a["type"] == "InternalIP")

    def address(self, component, port):
        """(host, port) of the Service of `component` with a port of this name: its NodePort where there is one."""
        for service in self.of_release("service", component):
            spec = service["spec"]
            for one in spec["ports"]:
                if one.get("name") != port or spec.get("clusterIP") == "None":
                    continue
                if "nodePort" in one:
                    return self.node_address(), one["nodePort"]
                return spec["clusterIP"], one["port"]
        raise KubeError(f"no Service of {component} has a port {port}")

    def names(self):
        """{name: address} of Services, for clients outside to whom a server is introduced by its name."""
        return {s["metadata"]["name"]: self._address_of(s["spec"]) for s in self.of_release("service")}

    def _address_of(self, spec):
        if spec.get("clusterIP") != "None":
            return spec.get("clusterIP")
        selector = ",".join(f"{key}={value}" for key, value in spec["selector"].items())
        return next((p["status"].get("podIP") for p in self.get("pod", selector=selector)), None)


class Node:
    """The one node, as the script that made the cluster lets one in."""

    def __init__(self, script):
        self._script = script

    def kill(self, containers):
        """SIGKILL to the first process of each, and with it to all of them."""
        for container in containers:
            command = [self._script, "shell", "ctr", "-n", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", container]
            _run(*command, timeout=30)


def _serves(item):
    owners = item["metadata"].get("ownerReferences", ())
    return any(owner["kind"] in ("ReplicaSet", "StatefulSet") for owner in owners)


def _pod(item):
    meta, status = item["metadata"], item["status"]
    conditions = {c["type"]: c["status"] for c in status.get("conditions", ())}
    running = [c for c in status.get("containerStatuses", ()) if "running" in c.get("state", {})]
    return Pod(
        name=meta["name"],
        component=meta["labels"].get(COMPONENT, ""),
        ip=status.get("podIP"),
        ready=conditions.get("Ready") == "True",
        leaving="deletionTimestamp" in meta,
        containers=tuple(c["containerID"].partition("://")[2] for c in running),
    )
