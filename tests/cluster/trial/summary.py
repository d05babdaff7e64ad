"""What was seen, for people and as JSON."""

import collections
import dataclasses

SILENCE_SAID = 3  # seconds; trackers that send every two are silent for one now and then


@dataclasses.dataclass(frozen=True)
class Phase:
    """A part of the trial and what users noticed of it."""

    name: str
    seconds: float
    acked: int
    silences: list  # (time of day, seconds) in which no tracker was acknowledged anything, the longest first
    probes: dict  # {what was asked: (times, of which not answered)}
    deeds: list
    ended: list  # (component, way) of each pod

    def lines(self):
        yield (
            f"{self.name}: {self.seconds:.0f} s, {self.acked} acknowledged ({self.acked / self.seconds:.0f}/s), "
            f"longest silence {self.silences[0][1]:.1f} s"
        )
        long = [f"{seconds:.0f} s at {when}" for when, seconds in self.silences if seconds >= SILENCE_SAID]
        if long:
            yield f"    silent for {', '.join(long)}"
        for name, (asked, wrong) in self.probes.items():
            yield f"    {name}: asked {asked} times, {wrong} not answered"
        for deed in self.deeds:
            yield f"    {deed.what}: {deed.seconds:.1f} s"
        if self.ended:
            yield f"    {len(self.ended)} pods ended: {_counts(component for component, _ in self.ended)}"
            yield f"    how: {_counts(way for _, way in self.ended)}"


def _counts(items):
    return ", ".join(f"{name} {count}" for name, count in sorted(collections.Counter(items).items()))


COLUMNS = ("stays", "recovered", "anew", "pushed", "missed", "doubled", "foreign", "skipped")


def _table(followers):
    yield f"{'follower':<10}" + "".join(f"{column:>10}" for column in COLUMNS) + f"{'away at most':>15}"
    for name, f in followers.items():
        yield f"{name:<10}" + "".join(f"{getattr(f, c):>10}" for c in COLUMNS) + f"{f.longest_away:>13.1f} s"


@dataclasses.dataclass(frozen=True)
class Summary:
    settings: dict
    phases: list
    simulators: dict  # {protocol: what the simulator said of itself}
    records: int  # in Kafka
    again: int  # of which a tracker had sent again
    acked: int
    stored: int
    storage: object
    caught_up: float  # seconds after the last acknowledgement until all that was acknowledged could be read back
    followers: dict  # {name: Following}
    faults: list  # what else went wrong

    @property
    def good(self):
        return self.storage.good and all(f.good for f in self.followers.values()) and not self.faults and self.acked > 0

    def lines(self):
        yield "Settings: " + ", ".join(f"{key} {value}" for key, value in self.settings.items())
        for phase in self.phases:
            yield from phase.lines()
        for protocol, said in self.simulators.items():
            yield f"simulator {protocol}: " + ", ".join(f"{key} {value}" for key, value in said.items())
        yield f"Kafka has {self.records} records, {self.again} of them of positions that were sent again"
        yield (
            f"acknowledged {self.acked}, stored {self.stored}: missing {len(self.storage.missing)}, "
            f"altered {len(self.storage.altered)}, doubled {len(self.storage.doubled)} "
            f"(all read back {self.caught_up:.1f} s after the end)"
        )
        yield from _table(self.followers)
        yield from (f"FAULT: {fault}" for fault in self.faults)
        yield "GOOD: nothing acknowledged is missing, no follower was told wrong" if self.good else "NOT GOOD"

    def as_dict(self):
        return {**dataclasses.asdict(self), "good": self.good}
