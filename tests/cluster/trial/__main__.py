"""
python -m trial PHASE...    one load on an installed release, and these phases under it, in their order

    load       nothing is done
    upgrade    each program in turn is given another image
    chaos      pods picked at random are deleted, or their processes killed
    scale      the writer from one to three and back

500 trackers outside send; 18 people outside watch, two of them coming and going. At the end everything acknowledged
must be in the history, once and as it was sent; and who was told `recovered: true` must have got every record in Kafka
once. The exit status says whether it is so.

Imports support/ of the system tests. KUBECONFIG says which cluster; run.sh sets it all up.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import sys
import time

from support.load import wait_quiet
from support.records import decode_position, read_topic
from support.times import parse_time
from support.waiting import wait_until

from .disturb import Chaos, say, scale_writer, upgrade
from .followers import followers_of
from .kube import Kube, Node
from .outside import Outside, cluster_names
from .probe import Probe
from .summary import Phase, Summary
from .trackers import AckWatch, Simulator, make_devices, read_acked
from .verdict import judge_following, judge_storage

PHASES = ("load", "upgrade", "chaos", "scale")
WARM_UP = 30  # seconds until the first phase, and after the last
SILENCES = 10  # of each phase that are kept
CATCH_UP = 300  # seconds that the writer has at the end


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="trial", description="A release of the chart under load while it is disturbed."
    )
    parser.add_argument("phases", nargs="+", choices=PHASES, metavar="PHASE", help=" ".join(PHASES))
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--release", required=True)
    parser.add_argument("--chart", required=True, type=pathlib.Path)
    parser.add_argument("--node-script", required=True, type=pathlib.Path, help="of the cluster; has `shell COMMAND`")
    parser.add_argument("--folder", required=True, type=pathlib.Path, help="for logs and the summary")
    parser.add_argument("--tags", required=True, nargs=2, metavar="TAG", help="of the images to upgrade between")
    parser.add_argument("--trackers", type=int, default=500)
    parser.add_argument("--interval", default="2s", help="between two positions of a tracker")
    parser.add_argument("--followers", type=int, default=16, help="who share the devices")
    parser.add_argument("--quiet-seconds", type=int, default=60, help="of the phase load")
    parser.add_argument("--chaos-seconds", type=int, default=300)
    parser.add_argument("--hold-seconds", type=int, default=30, help="of each number of writers")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the choices of chaos")
    return parser.parse_args()


class Trial:
    def __init__(self, options):
        self.options = options
        self.kube = Kube(options.namespace, options.release, options.chart)
        self.outside = Outside(self.kube)
        self.owner = self.outside.user()
        self.phases, self.said, self.faults = [], {}, []

    def run(self):
        o = self.options
        say(f"making {o.trackers} devices")
        self.devices = make_devices(self.owner, o.trackers, o.folder)
        gateways = {"osmand": self.outside.osmand, "teltonika": self.outside.teltonika}
        self.simulators = [Simulator(p, gateways[p], self.devices, o.interval, o.folder) for p in gateways]
        self.followers = followers_of(self.owner, self.devices.all, o.followers)
        self.probes = [
            Probe("query", self.owner, self.outside.query.url("/v1/latest?limit=1")),
            Probe("auth", self.owner, self.outside.auth.url("/v1/devices?limit=1")),
        ]
        with contextlib.ExitStack() as ending:
            self._begin(ending)
            for name in ("warm up", *o.phases, "cool down"):
                self._phase(name)
            self._end_load()
            self._end_followers()
        return self._summary()

    # ---- load ----

    def _begin(self, ending):
        """Followers first: what is sent before somebody watches is in no push."""
        for follower in self.followers:
            ending.callback(follower.stop)
            follower.start()
        self._wait_for_followers()
        for simulator in self.simulators:
            ending.callback(simulator.kill)
            simulator.start()
        self.watch = AckWatch([s.ack_log for s in self.simulators])
        self.watch.start()
        for probe in self.probes:
            ending.callback(probe.stop)
            probe.start()
        wait_until(lambda: self.watch.total, 60, "the first position is acknowledged")

    def _end_load(self):
        for probe in self.probes:
            probe.stop()
        self.said = {s.protocol: s.stop() for s in self.simulators}
        self.ended_at = time.monotonic()
        self.watch.stop()
        for protocol, said in self.said.items():
            say(f"simulator {protocol}: {said}")
            for wrong in ("refused", "abandoned"):
                if said[wrong]:
                    self.faults.append(f"simulator {protocol}: {said[wrong]} {wrong}")

    def _wait_for_followers(self):
        away = lambda: [f.name for f in self.followers if not f.here.is_set()]  # noqa: E731
        wait_until(lambda: not away(), 120, "every follower is subscribed")

    def _end_followers(self):
        self._wait_for_followers()
        wait_quiet(lambda: sum(f.pushed for f in self.followers), 3, "nothing more is pushed")
        for follower in self.followers:
            follower.stop()
            if follower.fault:
                self.faults.append(f"follower {follower.name}: {follower.fault}")

    # ---- phases ----

    def _phase(self, name):
        say(f"--- {name}")
        began, deeds, ended = time.monotonic(), [], []
        if name == "upgrade":
            deeds = upgrade(self.kube, self.options.tags)
        elif name == "chaos":
            ended = Chaos(self.kube, Node(self.options.node_script), self.options.seed).run(self.options.chaos_seconds)
        elif name == "scale":
            deeds = scale_writer(self.kube, self.outside.partitions("positions"), self.options.hold_seconds)
        else:
            time.sleep(self.options.quiet_seconds if name == "load" else WARM_UP)
        self.kube.wait_rolled_out()
        acked = self.watch.total
        wait_until(lambda: self.watch.total > acked, 120, "positions are acknowledged after it")
        self._note(name, began, deeds, ended)

    def _note(self, name, began, deeds, ended):
        end = time.monotonic()
        self.phases.append(
            Phase(
                name=name,
                seconds=end - began,
                acked=self.watch.acked(began, end),
                silences=[(_time_of_day(at), seconds) for at, seconds in self.watch.silences(began, end)[:SILENCES]],
                probes={probe.name: probe.between(began, end) for probe in self.probes},
                deeds=deeds,
                ended=ended,
            )
        )
        for line in self.phases[-1].lines():
            say(line)

    # ---- the count ----

    def _summary(self):
        say("reading back")
        acked = read_acked([s.ack_log for s in self.simulators], self.devices)
        stored, storage, caught_up = self._read_back(acked)
        say("reading Kafka")
        records = self._records()
        return Summary(
            settings={k: str(v) for k, v in vars(self.options).items() if isinstance(v, int) or k == "interval"},
            phases=self.phases,
            simulators=self.said,
            records=len(records),
            again=len(records) - len({record[:2] for record in records}),
            acked=len(acked),
            stored=len(stored),
            storage=storage,
            caught_up=caught_up,
            followers={f.name: judge_following(f.stays, records, f.watched) for f in self.followers},
            faults=self.faults,
        )

    def _read_back(self, acked):
        """Through history, page by page, as owners do; and again what lacks something, while the writer catches up."""
        stored, waiting, deadline = {}, list(self.devices.all), time.monotonic() + CATCH_UP
        while True:
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                stored.update(zip([d.id for d in waiting], pool.map(_history, waiting), strict=True))
            everything = [position for of_device in stored.values() for position in of_device]
            storage, caught_up = judge_storage(acked, everything), time.monotonic() - self.ended_at
            late = {device for device, _ in storage.missing}
            waiting = [d for d in self.devices.all if d.id in late]
            if not waiting or time.monotonic() > deadline:
                return everything, storage, caught_up
            say(f"{len(storage.missing)} not stored yet")
            time.sleep(1)

    def _records(self):
        """(device id, time, received) of every record of ours, those of a device in order."""
        ours = {device.uuid.bytes: device.id for device in self.devices.all}
        with cluster_names(self.kube):
            found = [decode_position(r.value) for r in read_topic(self.outside, "positions") if r.key in ours]
        return [(ours[p["device"]], p["time"], p["received"]) for p in found]


def _time_of_day(moment):
    """Of a moment of time.monotonic()."""
    return time.strftime("%H:%M:%S", time.localtime(time.time() - time.monotonic() + moment))


def _history(device):
    found = device.owner.history(device, limit=10000)
    return [(device.id, parse_time(p["time"]), p["lat"], p["lon"]) for p in found]


def main():
    options = parse_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    summary = Trial(options).run()
    print()
    for line in summary.lines():
        print(line)
    path = options.folder / "summary.json"
    path.write_text(json.dumps(summary.as_dict(), indent=1, default=str))
    print(f"\n{os.path.relpath(path)} has it all")
    return 0 if summary.good else 1


if __name__ == "__main__":
    sys.exit(main())
