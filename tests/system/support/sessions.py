"""What trackers say in a session, what they must hear, and what must come of it.

Written by hand from the vendors' documents; checksums are computed here. Nothing is shared with the gateway, the
simulator, or other people's captures. The sessions themselves are in sessions_binary, _counted, _http and _text.
"""

import dataclasses
import datetime
import re

KNOT_MPS = 1852 / 3600
KMH_MPS = 1 / 3.6

# Shenzhen, and Lima, where both signs are negative.
EAST = {"lat": 22.577, "lon": 113.917}
WEST = {"lat": -12.0464, "lon": -77.0428}


@dataclasses.dataclass(frozen=True)
class Report:
    """One position, or a contact without `lat`. Degrees, m/s, m, percent; `device` is its number in the session.

    `time` is "2025-11-03 08:15:30" UTC; None: the tracker does not say."""

    time: str | None = None
    lat: float | None = None
    lon: float | None = None
    speed: float | None = None
    course: float | None = None
    altitude: float | None = None
    accuracy: float | None = None
    battery: float | None = None
    valid: bool = True
    attributes: dict = dataclasses.field(default_factory=dict)
    device: int = 0

    @property
    def time_ms(self):
        if self.time is None:
            return None
        return round(datetime.datetime.fromisoformat(self.time + "+00:00").timestamp() * 1000)


@dataclasses.dataclass(frozen=True)
class Step:
    """One frame; the bytes of its answer, or a pattern where the time of day is among them; what it reports.

    `refused`: the reason in the metrics. `alone`: `pettrack decode` cannot be shown it, since it knows no device."""

    frame: bytes
    answer: bytes | re.Pattern = b""
    reports: tuple = ()
    refused: str | None = None
    alone: bool = False

    @property
    def pattern(self):
        return self.answer.pattern if isinstance(self.answer, re.Pattern) else re.escape(self.answer)


@dataclasses.dataclass(frozen=True)
class Session:
    """`identifiers`: of its devices. `steps`: made of these devices once they have secrets.

    `stranger`: a frame of a device that is nobody's, and its answer; behind the first `login` steps."""

    identifiers: tuple
    steps: object
    stranger: object
    login: int = 0


def crc16(data, polynomial, start=0, end=0):
    """Least significant bit first."""
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
    return crc ^ end


def xor(data):
    check = 0
    for byte in data:
        check ^= byte
    return check


def masked(*parts):
    """An answer with a time in it: bytes stand for themselves, texts are patterns."""
    return re.compile(b"".join(re.escape(p) if isinstance(p, bytes) else p.encode() for p in parts), re.DOTALL)
