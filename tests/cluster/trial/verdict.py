"""What was acknowledged against what is stored; what is in Kafka against what each follower was pushed.

A position is (device id, time); a record, and what a push repeats of it, is (device id, time, received), in ms. A
tracker that got no answer sends a position again: then two records have it, which differ in `received`, and both are
pushed.
"""

import collections
import dataclasses
import itertools


@dataclasses.dataclass(frozen=True)
class Storage:
    """Positions that are not as they should be."""

    missing: list
    altered: list  # stored at another place than was acknowledged
    doubled: list

    @property
    def good(self):
        return not (self.missing or self.altered or self.doubled)


def judge_storage(acked, stored):
    """`acked` {(device, time): (lat, lon)}; `stored` [(device, time, lat, lon), ...] as history gives them."""
    places, doubled = {}, []
    for device, time_ms, lat, lon in stored:
        if (device, time_ms) in places:
            doubled.append((device, time_ms))
        places[(device, time_ms)] = (lat, lon)
    missing = [key for key in acked if key not in places]
    altered = [key for key, place in acked.items() if key in places and places[key] != place]
    return Storage(missing, altered, doubled)


@dataclasses.dataclass(frozen=True)
class Following:
    """What one follower got. `missed`, `doubled` and `foreign` contradict what it was told."""

    stays: int
    recovered: int  # stays that went on where the one before ended
    anew: int  # stays that began with a snapshot, the first not counted
    pushed: int
    skipped: int  # it was told of so many that it was too slow for
    longest_away: float
    missed: int
    doubled: int
    foreign: int  # pushed, and not in Kafka

    @property
    def good(self):
        return self.missed <= self.skipped and not self.doubled and not self.foreign


def judge_following(stays, records, watched):
    """`records` [(device, time, received), ...], those of a device in Kafka's order; `watched` ids, None: all."""
    by_device = collections.defaultdict(list)
    for record in records:
        if watched is None or record[0] in watched:
            by_device[record[0]].append(record)
    there = collections.Counter(itertools.chain.from_iterable(by_device.values()))
    missed = doubled = foreign = 0
    chains = list(_chains(stays))
    for chain in chains:
        got = collections.Counter(itertools.chain.from_iterable(stay.pushed for stay in chain))
        due = _due(chain, by_device, got, last=chain is chains[-1])
        missed += sum(record not in got for record in due)
        doubled += sum(max(0, count - max(1, there[record])) for record, count in got.items())
        foreign += len(got.keys() - there.keys())
    return Following(
        stays=len(stays),
        recovered=sum(stay.recovered is True for stay in stays),
        anew=sum(stay.recovered is False for stay in stays),
        pushed=sum(len(stay.pushed) for stay in stays),
        skipped=sum(stay.skipped for stay in stays),
        longest_away=max((stay.away for stay in stays), default=0.0),
        missed=missed,
        doubled=doubled,
        foreign=foreign,
    )


def _chains(stays):
    """Stays in runs within which nothing may be missing: each after the first of a run was told `recovered: true`."""
    chain = []
    for stay in stays:
        if stay.recovered is not True and chain:
            yield chain
            chain = []
        chain.append(stay)
    if chain:
        yield chain


def _due(chain, by_device, got, last):
    """Records that the chain must have been pushed: those newer than its snapshot, which stands for the rest; and where
    another chain follows, whose snapshot stands for what was lost in between, only up to the last that came."""
    snapshot = chain[0].snapshot
    for device, records in by_device.items():
        until = len(records) if last else 1 + max((i for i, r in enumerate(records) if r in got), default=-1)
        for record in records[:until]:
            if device not in snapshot or record[1] > snapshot[device]:
                yield record
