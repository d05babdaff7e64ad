"""Sessions of trackers whose frames say their length or are counted: Watch, GL200, Meitrack (some of it binary)."""

import struct

from .sessions import EAST, KMH_MPS, WEST, Report, Session, Step

# ---- Watch ----


def watch_frame(identifier, text):
    return b"[3G*%s*%04X*%s]" % (identifier, len(text), text)


def watch(devices):
    first, second = (d.identifier.encode() for d in devices)
    around = b"2,1,460,0,9360,4082,131,9360,4092,148,1,home,1c:fa:68:13:a5:b4,-61,10.5"
    network = {"cells": "460,0,9360,4082,131;460,0,9360,4092,148", "wifi": "1c:fa:68:13:a5:b4,-61"}
    state = {"satellites": 7, "gsmSignal": 60, "steps": 1000, "rolls": 50}
    east = b"22.577000,N,113.9170000,E,5.40,332.0,100.5,7,60,90,1000,50,"
    report = {"speed": 1.5, "course": 332, "altitude": 100.5, "battery": 90}
    return [
        Step(watch_frame(first, b"LK"), watch_frame(first, b"LK"), (Report(),)),
        Step(
            watch_frame(first, b"LK,50,7,100"),
            watch_frame(first, b"LK"),
            (Report(battery=100, attributes={"steps": 50, "rolls": 7}),),
        ),
        Step(
            watch_frame(first, b"UD,031125,081530,A," + east + b"00000000," + around),
            b"",
            (
                Report(
                    "2025-11-03 08:15:30",
                    **EAST,
                    **report,
                    accuracy=10.5,
                    attributes={**state, "status": 0, **network},
                ),
            ),
        ),
        Step(
            b"\r\n" + watch_frame(first, b"AL,031125,081545,A," + east + b"00010000," + around),
            watch_frame(first, b"AL"),
            (
                Report(
                    "2025-11-03 08:15:45",
                    **EAST,
                    **report,
                    accuracy=10.5,
                    attributes={**state, "status": 0x10000, "alarm": "sos", **network},
                ),
            ),
        ),
        Step(
            watch_frame(
                first, b"UD,031125,081600,V,0.000000,N,0.0000000,E,0.00,0.0,0.0,0,60,89,1000,50,00000001," + around
            ),
            b"",
            (
                Report(
                    "2025-11-03 08:16:00",
                    battery=89,
                    accuracy=10.5,
                    attributes={**state, "satellites": 0, "status": 1, "alarm": "lowBattery", **network},
                ),
            ),
        ),
        Step(
            watch_frame(second, b"UD2,031125,081615,A,12.046400,S,77.0428000,W,0.00,0.0,20.0,5,80,70,0,0,00000008,0,0"),
            b"",
            (
                Report(
                    "2025-11-03 08:16:15",
                    **WEST,
                    speed=0,
                    course=0,
                    altitude=20,
                    battery=70,
                    device=1,
                    attributes={
                        "satellites": 5,
                        "gsmSignal": 80,
                        "steps": 0,
                        "rolls": 0,
                        "status": 8,
                        "stored": True,
                    },
                ),
            ),
        ),
        Step(watch_frame(first, b"heart,72"), b"", (Report(attributes={"heartRate": 72}),)),
        Step(watch_frame(first, b"VERNO,G36_V1.2"), b"", (Report(attributes={"event": "VERNO"}),)),
        Step(
            watch_frame(second, b"TKQ"), watch_frame(second, b"TKQ"), (Report(attributes={"event": "TKQ"}, device=1),)
        ),
    ]


# ---- GL200 ----


def gl200(devices):
    first, second = (d.identifier.encode() for d in devices)
    head = b"020102," + first + b",,"
    cell = b"0460,0000,18d8,6141,00"
    cells = {"cells": "460,0,6360,24897"}
    east, west = b"113.917000,22.577000", b"-77.042800,-12.046400"
    return [
        Step(
            b"+ACK:GTHBD," + head + b"20251103081500,0001$",
            b"+SACK:GTHBD,020102,0001$",
            (Report("2025-11-03 08:15:00", attributes={"result": "HBD"}),),
        ),
        Step(
            b"+RESP:GTFRI,"
            + head
            + b"0,0,1,1,4.3,92,70.0,"
            + east
            + b",20251103081530,"
            + cell
            + b",20251103081531,0002$",
            b"+SACK:0002$",
            (
                Report(
                    "2025-11-03 08:15:30",
                    **EAST,
                    speed=4.3 * KMH_MPS,
                    course=92,
                    altitude=70,
                    attributes={"event": "FRI", "hdop": 1.0, **cells},
                ),
            ),
        ),
        Step(  # two places in one report
            b"+RESP:GTFRI,"
            + head
            + b"0,0,2,1,0.0,0,70.0,"
            + east
            + b",20251103081600,"
            + cell
            + b",2,36.0,270,-4.5,"
            + west
            + b",20251103081630,"
            + cell
            + b",20251103081631,0003$",
            b"+SACK:0003$",
            (
                Report(
                    "2025-11-03 08:16:00",
                    **EAST,
                    speed=0,
                    course=0,
                    altitude=70,
                    attributes={"event": "FRI", "hdop": 1.0, **cells},
                ),
                Report(
                    "2025-11-03 08:16:30",
                    **WEST,
                    speed=10,
                    course=270,
                    altitude=-4.5,
                    attributes={"event": "FRI", "hdop": 2.0, **cells},
                ),
            ),
        ),
        Step(
            b"\r\n+RESP:GTSOS,"
            + head
            + b"0,0,1,3,0.0,0,70.0,"
            + east
            + b",20251103081700,"
            + cell
            + b",20251103081701,0004$",
            b"+SACK:0004$",
            (
                Report(
                    "2025-11-03 08:17:00",
                    **EAST,
                    speed=0,
                    course=0,
                    altitude=70,
                    attributes={"event": "SOS", "alarm": "sos", "hdop": 3.0, **cells},
                ),
            ),
        ),
        Step(  # no fix: the last place
            b"+BUFF:GTFRI,"
            + head
            + b"0,0,1,0,0.0,0,70.0,"
            + east
            + b",20251103081730,"
            + cell
            + b",20251103081731,00FF$",
            b"+SACK:00FF$",
            (
                Report(
                    "2025-11-03 08:17:30",
                    **EAST,
                    speed=0,
                    course=0,
                    altitude=70,
                    valid=False,
                    attributes={"event": "FRI", "stored": True, **cells},
                ),
            ),
        ),
        Step(
            b"+RESP:GTINF," + head + b"41,898600810906F8048812,23,0,0,,,4.05,0,0,1,,,20251103081500,87,,25.5,"
            b"20251103081900,0100$",
            b"+SACK:0100$",
            (
                Report(
                    "2025-11-03 08:19:00",
                    battery=87,
                    attributes={
                        "event": "INF",
                        "motion": False,
                        "iccid": "898600810906F8048812",
                        "gsmSignal": 23,
                        "batteryVoltage": 4.05,
                        "charging": False,
                        "temperature": 25.5,
                    },
                ),
            ),
        ),
        Step(
            b"+ACK:GTRTO," + head + b"RTL,0006,20251103082000,0101$",
            b"",
            (Report("2025-11-03 08:20:00", attributes={"result": "RTO"}),),
        ),
        Step(  # a GV300
            b"+RESP:GTFRI,2C0204,"
            + second
            + b",,12000,10,1,1,36.0,90,20.0,"
            + west
            + b",20251103082030,"
            + cell
            + b",1234.5,00012:30:15,,,,87,220100,,,,20251103082031,FFFF$",
            b"+SACK:FFFF$",
            (
                Report(
                    "2025-11-03 08:20:30",
                    **WEST,
                    speed=10,
                    course=90,
                    altitude=20,
                    battery=87,
                    device=1,
                    attributes={
                        "event": "FRI",
                        "hdop": 1.0,
                        **cells,
                        "externalVoltage": 12.0,
                        "odometer": 1234500.0,
                        "hours": 45015,
                        "ignition": True,
                        "motion": True,
                        "input1": False,
                        "input2": False,
                        "output1": False,
                        "output2": False,
                    },
                ),
            ),
        ),
    ]


# ---- Meitrack ----


def meitrack_frame(flag, body, start=b"$$"):
    """The length counts from the comma behind it to the line end."""
    said = start + flag + b"%d,%s*" % (len(body) + 6, body)
    return said + b"%02X\r\n" % (sum(said) & 0xFF)


def meitrack_seconds(report):
    return report.time_ms // 1000 - 946684800  # from 2000 on


def meitrack_ccc_record(report, event, io=0):
    return struct.pack(
        "<BiiIBBBHHHhIIHHHHHHHHI",
        event,
        round(report.lat * 1e6),
        round(report.lon * 1e6),
        meitrack_seconds(report),
        1,
        9,
        22,
        36,
        332,
        11,
        55,
        123456,
        7890,
        460,
        0,
        9360,
        4082,
        io,
        150,
        410,
        1200,
        0,
    )


def meitrack_cce_record(report):
    one = bytes([5, 0x01, 35, 0x05, 1, 0x06, 9, 0x07, 22, 0x97, 87])
    two = b"\x04" + b"\x08" + struct.pack("<H", 36) + b"\x09" + struct.pack("<H", 332)
    two += b"\x0b" + struct.pack("<h", 55) + b"\x19" + struct.pack("<H", 410)
    four = b"\x03" + b"\x02" + struct.pack("<i", round(report.lat * 1e6)) + b"\x03"
    four += struct.pack("<i", round(report.lon * 1e6)) + b"\x04" + struct.pack("<I", meitrack_seconds(report))
    tower = struct.pack("<HHHIh", 460, 0, 9360, 4082, -61)
    rest = (
        b"\x02"
        + b"\x0e"
        + bytes([len(tower)])
        + tower
        + b"\x1d\x08"
        + bytes.fromhex("1cfa6813a5b4")
        + struct.pack("<h", -77)
    )
    record = struct.pack("<H", 14) + one + two + four + rest
    return struct.pack("<H", len(record)) + record


def meitrack(devices):
    first, second = (d.identifier.encode() for d in devices)
    state = {
        "satellites": 9,
        "gsmSignal": 22,
        "hdop": 1.1,
        "odometer": 123456,
        "runtime": 7890,
        "cells": "460,0,9360,4082",
        "input1": True,
        "input2": False,
        "output1": False,
        "output2": False,
        "analog1": 0.0,
        "analog2": 0.0,
        "analog3": 0.0,
        "batteryVoltage": 4.1,
        "externalVoltage": 12.0,
    }
    moving = {"speed": 10, "course": 332, "altitude": 55}
    tail = b",22,36,332,1.1,55,123456,7890,460|0|2490|0FF2,0100,0000|0000|0000|019A|04B0,00000001,"
    records = [
        Report("2025-11-03 08:17:00", **EAST, **moving, attributes={"event": 35}),
        Report("2025-11-03 08:17:30", **WEST, **moving, attributes={"event": 1, "alarm": "sos"}),
    ]
    ccc = {
        **{k: v for k, v in state.items() if k not in ("analog2", "analog3")},
        "analog1": 1.5,
        "input1": False,
    }
    cce = Report(
        "2025-11-03 08:18:00",
        **EAST,
        **moving,
        battery=87,
        device=1,
        attributes={
            "event": 35,
            "satellites": 9,
            "gsmSignal": 22,
            "batteryVoltage": 4.1,
            "cells": "460,0,9360,4082,-61",
            "wifi": "1c:fa:68:13:a5:b4,-77",
        },
    )
    return [
        Step(
            meitrack_frame(b"A", first + b",AAA,35,22.577000,113.917000,251103081530,A,9" + tail),
            b"",
            (Report("2025-11-03 08:15:30", **EAST, **moving, attributes={"event": 35, **state}),),
        ),
        Step(
            meitrack_frame(b"B", first + b",AAA,1,-12.046400,-77.042800,251103081545,A,9" + tail),
            b"",
            (Report("2025-11-03 08:15:45", **WEST, **moving, attributes={"event": 1, "alarm": "sos", **state}),),
        ),
        Step(
            b"\r\n" + meitrack_frame(b"C", first + b",AAA,24,0.000000,0.000000,251103081600,V,0" + tail),
            b"",
            (Report("2025-11-03 08:16:00", attributes={"event": 24, **state, "satellites": 0}),),
        ),
        Step(
            meitrack_frame(b"D", first + b",AAA,35,22.577000,113.917000,251103081615,A,9" + tail)[:-4] + b"--\r\n",
            refused="bad_checksum",
        ),
        Step(
            meitrack_frame(
                b"E",
                first
                + b",CCC,"
                + struct.pack("<HHI", 1, 52, 0)
                + meitrack_ccc_record(records[0], 35)
                + meitrack_ccc_record(records[1], 1),
            ),
            meitrack_frame(b"E", first + b",CCC,2", start=b"@@"),
            tuple(Report(**{**vars(r), "attributes": {**r.attributes, **ccc}}) for r in records),
        ),
        Step(
            meitrack_frame(b"F", second + b",CCE," + struct.pack("<IH", 0, 1) + meitrack_cce_record(cce)), b"", (cce,)
        ),
        Step(meitrack_frame(b"G", first + b",A12,OK"), b"", (Report(attributes={"result": "A12,OK"}),)),
        Step(
            meitrack_frame(
                b"H",
                second
                + b",CCC,"
                + struct.pack("<HHI", 1, 52, 0)
                + meitrack_ccc_record(Report("2025-11-03 08:19:00", **EAST), 42, io=0x0101),
            ),
            meitrack_frame(b"H", second + b",CCC,1", start=b"@@"),
            (
                Report(
                    "2025-11-03 08:19:00",
                    **EAST,
                    **moving,
                    device=1,
                    attributes={"event": 42, "motion": True, **ccc, "input1": True, "output1": True},
                ),
            ),
        ),
    ]


SESSIONS = {
    "watch": Session(("8812345601", "8812345602"), watch, Step(watch_frame(b"8812349999", b"LK"))),
    "gl200": Session(
        ("868120300000501", "868120300000502"), gl200, Step(b"+ACK:GTHBD,020102,868120300009999,,20251103081500,0001$")
    ),
    "meitrack": Session(
        ("868120300000901", "868120300000902"), meitrack, Step(meitrack_frame(b"A", b"868120300009996,A12,OK"))
    ),
}
