"""What is done to the release meanwhile."""

import dataclasses
import random
import time

import requests
from support.waiting import wait_until

from .kube import KubeError

PROGRAMS = ("auth", "gateway", "writer", "query")


@dataclasses.dataclass(frozen=True)
class Deed:
    what: str
    seconds: float


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


# ---- a rolling upgrade of every program ----


def upgrade(kube, tags):
    """One program after the other to that of two images that it does not run; each is done before the next begins."""
    deeds = []
    for program in PROGRAMS:
        before = {pod.name for pod in kube.pods(program)}
        tag = next(tag for tag in tags if tag != kube.image_tag(program))
        began = time.monotonic()
        kube.upgrade(**{f"{program}.image.tag": tag})
        kube.wait_rolled_out(program)
        assert before.isdisjoint(p.name for p in kube.pods(program) if not p.leaving), f"{program}: not all is new"
        deeds.append(Deed(f"{program} to {tag}", time.monotonic() - began))
        say(f"{deeds[-1].what}: {deeds[-1].seconds:.1f} s")
    return deeds


# ---- pods that go away ----


class Chaos:
    """Ends a pod picked at random every few seconds. `seed` gives the choices, as far as the pods are the same."""

    PAUSE = (3, 12)  # seconds between two, drawn evenly

    def __init__(self, kube, node, seed):
        self._kube, self._random = kube, random.Random(seed)
        self._ways = {
            "deleted": lambda pod: kube.delete_pod(pod.name),
            "deleted at once": lambda pod: kube.delete_pod(pod.name, grace=1),  # SIGKILL follows SIGTERM in a second
            "killed": lambda pod: node.kill(pod.containers),
        }

    def run(self, seconds):
        """[(component, way), ...] of all that were ended."""
        done, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            done += self._end_one()
            time.sleep(max(0, min(self._random.uniform(*self.PAUSE), end - time.monotonic())))
        return done

    def _end_one(self):
        pods = sorted((p for p in self._kube.pods() if p.containers and not p.leaving), key=lambda p: p.name)
        if not pods:
            return []
        pod, way = self._random.choice(pods), self._random.choice(list(self._ways))
        try:
            self._ways[way](pod)
        except KubeError as error:
            say(f"{pod.name} was quicker: {error}")
            return []
        say(f"{way}: {pod.name}")
        return [(pod.component, way)]


# ---- the writer from one to three and back ----

WRITER_OPS_PORT, WRITER_PARTITIONS = 9083, "pettrack_writer_partitions"


def scale_writer(kube, partitions, hold):
    """Three, until they share the topic's `partitions` and then for `hold` seconds; one again, and as long."""
    deeds, (workload,) = [], kube.workloads("writer")
    for replicas in (3, 1):
        began = time.monotonic()
        kube.kubectl("scale", workload, f"--replicas={replicas}")
        kube.wait_rolled_out("writer")
        shares = wait_until(lambda n=replicas: _settled(kube, n, partitions), 180, f"{replicas} writers share the work")
        deeds.append(Deed(f"writer at {replicas}, partitions {'+'.join(map(str, shares))}", time.monotonic() - began))
        say(f"{deeds[-1].what}: {deeds[-1].seconds:.1f} s")
        time.sleep(hold)
    return deeds


def _settled(kube, replicas, partitions):
    """The shares, when that many writers have some each, and all together; else None."""
    shares = _shares(kube)
    return shares if len(shares) == replicas and min(shares) > 0 and sum(shares) == partitions else None


def _shares(kube):
    """How many partitions each writer says it has."""
    return sorted(_partitions(pod.ip) for pod in kube.pods("writer") if pod.ip)


def _partitions(address):
    text = requests.get(f"http://{address}:{WRITER_OPS_PORT}/metrics", timeout=5).text
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(WRITER_PARTITIONS + " ")), 0)
