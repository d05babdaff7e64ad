"""Sessions of trackers that speak text: H02 (some of it binary), GPS103, TK103, T55."""

import struct

from .sessions import EAST, KNOT_MPS, WEST, Report, Session, Step, masked, xor

# ---- H02 ----


def h02(devices):
    first, second = (d.identifier.encode() for d in devices)
    quiet = {"status": 0xFFFFFBFF, "ignition": False}

    def confirmed(kind):
        return masked(b"*HQ," + first + b",V4," + kind + b",", r"20\d{12}", b"#")

    return [
        Step(b"*HQ," + first + b",HTBT,88#", b"*HQ," + first + b",HTBT#", (Report(battery=88),)),
        Step(
            b"*HQ," + first + b",V1,081530,A,2234.6200,N,11355.0200,E,10.00,332,031125,FFFFFBFF#",
            confirmed(b"V1"),
            (Report("2025-11-03 08:15:30", **EAST, speed=10 * KNOT_MPS, course=332, attributes=quiet),),
        ),
        Step(
            b"\r\n*HQ," + first + b",V1,081545,A,1202.7840,S,07702.5680,W,0.54,90,031125,FFFFFFFD,460,00,9360,4082#",
            confirmed(b"V1"),
            (
                Report(
                    "2025-11-03 08:15:45",
                    **WEST,
                    speed=0.54 * KNOT_MPS,
                    course=90,
                    attributes={"status": 0xFFFFFFFD, "ignition": True, "alarm": "sos", "cells": "460,0,9360,4082"},
                ),
            ),
        ),
        Step(
            b"*HQ," + first + b",V1,081600,V,0000.0000,N,00000.0000,E,0.00,0,031125,FFFFFBFF#",
            confirmed(b"V1"),
            (Report("2025-11-03 08:16:00", attributes=quiet),),
        ),
        Step(
            b"*HQ," + first + b",V1,081615,V,2234.6200,N,11355.0200,E,0.00,0,031125,FFFFFBFF#",
            confirmed(b"V1"),
            (Report("2025-11-03 08:16:15", **EAST, speed=0, course=0, valid=False, attributes=quiet),),
        ),
        Step(
            b"*HQ," + first + b",NBR,081700,460,00,0,2,9360,4082,57,9360,4092,41,031125,FFFFFBFF#",
            confirmed(b"NBR"),
            (Report("2025-11-03 08:17:00", attributes={"cells": "460,0,9360,4082,57;460,0,9360,4092,41", **quiet}),),
        ),
        Step(
            b"*HQ," + first + b",LINK,081800,22,6,95,3456,12,031125,FFFFFBFF#",
            b"",
            (
                Report(
                    "2025-11-03 08:18:00",
                    battery=95,
                    attributes={"gsmSignal": 22, "satellites": 6, "steps": 3456, "turnovers": 12, **quiet},
                ),
            ),
        ),
        Step(
            b"*HQ," + first + b",V4,S17,130305,081900,A,2234.6200,N,11355.0200,E,0.00,0,031125,FFFFFBFF#",
            b"",
            (Report("2025-11-03 08:19:00", **EAST, speed=0, course=0, attributes={"result": "S17,130305", **quiet}),),
        ),
        Step(  # binary, of another device
            b"$"
            + bytes.fromhex(devices[1].identifier)
            + bytes.fromhex("082000 031125 22346200 5F 113550200E 010332 FFFFFBFF FF 00 01"),
            b"",
            (
                Report(
                    "2025-11-03 08:20:00",
                    **EAST,
                    speed=10 * KNOT_MPS,
                    course=332,
                    battery=95,
                    attributes=quiet,
                    device=1,
                ),
            ),
        ),
        Step(  # the long form, with a cell
            b"$"
            + bytes.fromhex(devices[1].identifier)
            + bytes.fromhex("082030 031125 12027840 05 0770256800 000000 FFFFFBFF 00 00000000000000")
            + struct.pack(">HBHHB", 460, 0, 9360, 4082, 2),
            b"",
            (
                Report(
                    "2025-11-03 08:20:30",
                    **WEST,
                    speed=0,
                    course=0,
                    valid=False,
                    attributes={**quiet, "batteryLevel": 5, "cells": "460,0,9360,4082"},
                    device=1,
                ),
            ),
        ),
        Step(b"*HQ," + second + b",HTBT#", b"*HQ," + second + b",HTBT#", (Report(device=1),)),
    ]


# ---- GPS103 ----


def gps103(devices):
    first, second = (d.identifier.encode() for d in devices)
    east = b"A,2234.6200,N,11355.0200,E,"
    return [
        Step(b"##,imei:" + first + b",A;", b"LOAD"),
        Step(first + b";", b"ON", (Report(),)),
        Step(
            b"imei:" + first + b",tracker,2511031615,,F,081530.000," + east + b"10.00,332;",
            b"",
            (Report("2025-11-03 08:15:30", **EAST, speed=10 * KNOT_MPS, course=332),),
        ),
        Step(
            b"imei:"
            + first
            + b",acc on,251103161545,,F,081545.000,A,1202.7840,S,07702.5680,W,0.00,0,55.0,1,0,42.5%,0.0%,+21;",
            b"",
            (
                Report(
                    "2025-11-03 08:15:45",
                    **WEST,
                    speed=0,
                    course=0,
                    altitude=55,
                    attributes={
                        "event": "acc on",
                        "ignition": True,
                        "door": False,
                        "fuel": 42.5,
                        "fuel2": 0.0,
                        "temperature": 21.0,
                    },
                ),
            ),
        ),
        Step(  # tomorrow where it is, today at Greenwich
            b"\r\nimei:" + first + b",help me,251104000130,,F,160130.000," + east + b"0.00,;",
            b"**,imei:" + first + b",E;",
            (Report("2025-11-03 16:01:30", **EAST, speed=0, attributes={"event": "help me", "alarm": "sos"}),),
        ),
        Step(
            b"imei:" + first + b",low battery,2511031617,,L,,,2490,,0FF2,;",
            b"",
            (
                Report(
                    "2025-11-03 16:17:00",
                    attributes={"event": "low battery", "alarm": "lowBattery", "cells": "0,0,9360,4082"},
                ),
            ),
        ),
        Step(
            b"imei:" + second + b",tracker,2511031618,,F,081830.000," + east + b"20.00,10;",
            b"",
            (Report("2025-11-03 08:18:30", **EAST, speed=20 * KNOT_MPS, course=10, device=1),),
        ),
        Step(second + b";", b"ON", (Report(device=1),)),
        Step(  # a heartbeat without its end
            first + b"imei:" + first + b",tracker,2511031619,,F,081930.000," + east + b"0.00,;",
            b"ON",
            (Report("2025-11-03 08:19:30", **EAST, speed=0),),
        ),
    ]


# ---- TK103 ----


def tk103(devices):
    first, second = (d.identifier.encode() for d in devices)
    rest = {"charging": True, "ignition": False, "status": 0}
    return [
        Step(
            b"(" + first + b"BP05352606090042050251103A2234.6200N11355.0200E005.4081530332.0000000000L0000012B)",
            b"(" + first + b"AP05)",
            (Report("2025-11-03 08:15:30", **EAST, speed=1.5, course=332, attributes={**rest, "odometer": 299}),),
        ),
        Step(b"(" + first + b"BP00000013612345678HSO)", b"(" + first + b"AP01HSO)", (Report(),)),
        Step(
            b"(" + first + b"BR00251103A1202.7840S07702.5680W036.0081545090.0001000000L00000200)",
            b"",
            (
                Report(
                    "2025-11-03 08:15:45",
                    **WEST,
                    speed=10,
                    course=90,
                    attributes={"charging": True, "ignition": True, "status": 0x01000000, "odometer": 512},
                ),
            ),
        ),
        Step(
            b"\r\n(" + first + b"BO012251103A2234.6200N11355.0200E000.0081600000.0000000000L0000012B)",
            b"(" + first + b"AS012)",
            (
                Report(
                    "2025-11-03 08:16:00",
                    **EAST,
                    speed=0,
                    course=0,
                    attributes={**rest, "alarm": "sos", "odometer": 299},
                ),
            ),
        ),
        Step(
            b"(" + first + b"BR00251103V0000.0000N00000.0000E000.0081700000.0000000000L00000000)",
            b"",
            (Report("2025-11-03 08:17:00", attributes={**rest, "odometer": 0}),),
        ),
        Step(b"(" + first + b"BZ00,460,00,2490,0FF2)", b"", (Report(attributes={"cells": "460,0,9360,4082"}),)),
        Step(b"(" + first + b"BV00V1.44)", b"", (Report(attributes={"event": "BV00"}),)),
        Step(
            b"(" + second + b",DW31,031125,A,2234.6200N,11355.0200E,36.0,081900,90.0)",
            b"",
            (
                Report(
                    "2025-11-03 08:19:00",
                    **EAST,
                    speed=10,
                    course=90,
                    device=1,
                    attributes={"event": "DW31", "alarm": "movement"},
                ),
            ),
        ),
        Step(
            b"(" + second + b",ZC20,031125,082000,6,422,112,0)",
            b"",
            (
                Report(
                    "2025-11-03 08:20:00",
                    device=1,
                    attributes={"event": "ZC20", "batteryLevel": 6, "batteryVoltage": 4.22, "externalVoltage": 1.12},
                ),
            ),
        ),
        Step(
            b"(" + second + b",DW50,460,00,9360,4082,2,1cfa6813a5b4*-61*6,AC:85:3D:00:11:22*-77*11,031125,082030)",
            b"",
            (
                Report(
                    "2025-11-03 08:20:30",
                    device=1,
                    attributes={
                        "event": "DW50",
                        "cells": "460,0,9360,4082",
                        "wifi": "1c:fa:68:13:a5:b4,-61;ac:85:3d:00:11:22,-77",
                    },
                ),
            ),
        ),
    ]


# ---- T55 ----


def nmea(text, before=b""):
    return before + b"$%s*%02X\r\n" % (text, xor(text))


def t55(devices):
    first, second = (d.identifier.encode() for d in devices)
    east = b"2234.6200,N,11355.0200,E"
    return [
        Step(nmea(b"PGID," + first)),
        Step(
            nmea(b"GPRMC,081530.000,A," + east + b",10.00,332.00,031125,,,A"),
            b"",
            (Report("2025-11-03 08:15:30", **EAST, speed=10 * KNOT_MPS, course=332),),
        ),
        Step(nmea(b"GPGGA,081540.000," + east + b",1,09,0.92,55.0,M,-2.3,M,,")),
        Step(
            nmea(b"GNRMC,081540.000,A,1202.7840,S,07702.5680,W,0.54,90.00,031125,,,A"),
            b"",
            (
                Report(
                    "2025-11-03 08:15:40",
                    **WEST,
                    speed=0.54 * KNOT_MPS,
                    course=90,
                    altitude=55,
                    attributes={"satellites": 9},
                ),
            ),
        ),
        Step(nmea(b"GPGSV,1,1,00")),
        Step(b"$GPRMC,081550.000,A," + east + b",10.00,332.00,031125,,,A*00\r\n", refused="bad_checksum"),
        Step(nmea(b"GPRMC,081600.000,V,,,,,,,031125,,,N"), b"", (Report("2025-11-03 08:16:00"),)),
        Step(
            nmea(b"PUBX,00,081700.00," + east + b",55.0,G3,5.3,4.0,36.000,90.00,0.007,,0.92,1.19,0.77,9,0,0"),
            b"",
            (
                Report(
                    "2025-11-03 08:17:00",
                    **EAST,
                    speed=10,
                    course=90,
                    altitude=55,
                    accuracy=5.3,
                    attributes={"satellites": 9, "hdop": 0.92},
                ),
            ),
        ),
        Step(
            nmea(b"GPIOP,00000000,00000000,0.00,1.50,0.00,0.00,12.15,4.05"),
            b"",
            (
                Report(
                    attributes={
                        "analog1": 0.0,
                        "analog2": 1.5,
                        "analog3": 0.0,
                        "analog4": 0.0,
                        "externalVoltage": 12.15,
                        "batteryVoltage": 4.05,
                    }
                ),
            ),
        ),
        Step(
            nmea(b"GPRMC,081800.000,A," + east + b",0.00,,031125,,,A", before=second),
            b"",
            (Report("2025-11-03 08:18:00", **EAST, speed=0, device=1),),
        ),
        Step(second + b"\r\n"),
        Step(
            nmea(b"GPRMC,081830.000,A," + east + b",0.00,,031125,,,A"),
            b"",
            (Report("2025-11-03 08:18:30", **EAST, speed=0, device=1),),
        ),
    ]


SESSIONS = {
    "h02": Session(("4109170001", "4109170002"), h02, Step(b"*HQ,4109179999,HTBT,88#")),
    "gps103": Session(("868120300000601", "868120300000602"), gps103, Step(b"868120300009998;")),
    "tk103": Session(("088046000101", "868120300000702"), tk103, Step(b"(088046009999BP00000013612345678HSO)")),
    "t55": Session(("868120300000801", "868120300000802"), t55, Step(nmea(b"PGID,868120300009997")), login=1),
}
