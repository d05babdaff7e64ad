"""Sessions of trackers that speak binary: GT06, JT/T 808, Teltonika over TCP and UDP."""

import struct

from .sessions import EAST, KMH_MPS, WEST, Report, Session, Step, crc16, masked, xor

# ---- GT06 ----


def gt06_frame(kind, contents, serial, extended=False):
    body = bytes([kind]) + contents + struct.pack(">H", serial)
    length = struct.pack(">H" if extended else ">B", len(body) + 2)
    check = crc16(length + body, 0x8408, 0xFFFF, 0xFFFF)
    return (b"yy" if extended else b"xx") + length + body + struct.pack(">H", check) + b"\r\n"


def gt06_gps(clock, lat, lon, speed, course, satellites=9, positioned=True):
    """`clock` on 2025-11-03. Degrees by 1,800,000; 10 is north, 11 west, 12 positioned."""
    flags = course | (lat >= 0) << 10 | (lon < 0) << 11 | positioned << 12
    place = struct.pack(">IIBH", round(abs(lat) * 1800000), round(abs(lon) * 1800000), speed, flags)
    return bytes((25, 11, 3, *clock, 0xC0 | satellites)) + place


GT06_CELL = struct.pack(">HBH", 460, 0, 9360) + (16146).to_bytes(3, "big")


def gt06(devices):
    first, second = (bytes.fromhex("0" + d.identifier) for d in devices)
    cells = {"satellites": 9, "cells": "460,0,9360,16146"}

    def answered(kind, contents, serial, *reports):
        return Step(gt06_frame(kind, contents, serial), gt06_frame(kind, b"", serial), reports)

    east = gt06_gps((8, 15, 30), **EAST, speed=36, course=332)
    return [
        answered(0x01, first + bytes.fromhex("3608 3201"), 1),  # model, GMT+8 in the East
        answered(
            0x13,
            bytes.fromhex("46 04 03 0002"),
            2,
            Report(attributes={"status": 0x46, "ignition": True, "charging": True, "batteryLevel": 4, "gsmSignal": 3}),
        ),
        answered(
            0x12,
            east + GT06_CELL,
            3,
            Report("2025-11-03 08:15:30", **EAST, speed=10, course=332, attributes=cells),
        ),
        answered(  # sent again; for a turn; 123456 m
            0x22,
            gt06_gps((8, 15, 45), **WEST, speed=18, course=90) + GT06_CELL + bytes.fromhex("01 02 01 0001E240"),
            4,
            Report(
                "2025-11-03 08:15:45",
                **WEST,
                speed=5,
                course=90,
                attributes={**cells, "ignition": True, "event": 2, "stored": True, "odometer": 123456},
            ),
        ),
        answered(  # alarm: the button
            0x26,
            gt06_gps((8, 16, 0), **EAST, speed=0, course=0) + b"\x09" + GT06_CELL + bytes.fromhex("64 02 04 01 02"),
            5,
            Report(
                "2025-11-03 08:16:00",
                **EAST,
                speed=0,
                course=0,
                attributes={
                    **cells,
                    "status": 0x64,
                    "ignition": False,
                    "charging": True,
                    "batteryLevel": 2,
                    "gsmSignal": 4,
                    "event": 1,
                    "alarm": "sos",
                },
            ),
        ),
        answered(  # never positioned
            0x12,
            gt06_gps((8, 17, 0), 0, 0, 0, 0, satellites=0, positioned=False) + GT06_CELL,
            6,
            Report("2025-11-03 08:17:00", attributes={**cells, "satellites": 0}),
        ),
        answered(  # the last place
            0x12,
            gt06_gps((8, 17, 15), **EAST, speed=0, course=332, satellites=2, positioned=False) + GT06_CELL,
            7,
            Report(
                "2025-11-03 08:17:15", **EAST, speed=0, course=332, valid=False, attributes={**cells, "satellites": 2}
            ),
        ),
        Step(gt06_frame(0x13, bytes.fromhex("46 04 03 0002"), 8)[:-3] + b"\0\r\n", refused="bad_checksum"),
        Step(  # 12 V outside
            gt06_frame(0x94, b"\0" + struct.pack(">H", 1200), 9, extended=True),
            b"",
            (Report(attributes={"externalVoltage": 12.0}),),
        ),
        Step(
            gt06_frame(0x21, bytes(4) + b"\x01" + b"RELAY OK!", 10, extended=True),
            b"",
            (Report(attributes={"result": "RELAY OK!"}),),
        ),
        Step(gt06_frame(0x8A, b"", 11), masked(b"xx\x0b\x8a", ".{6}", b"\x00\x0b", "..", b"\r\n")),
        answered(0x01, second, 12),
        answered(
            0x13,
            bytes.fromhex("00 06 04 0001"),
            13,
            Report(
                attributes={"status": 0, "ignition": False, "charging": False, "batteryLevel": 6, "gsmSignal": 4},
                device=1,
            ),
        ),
    ]


# ---- JT/T 808 ----


def jt808_frame(kind, terminal, serial, body=b"", version=None):
    """`terminal`: 12 digits; with a version, of 2019, 20."""
    head = struct.pack(">HH", kind, len(body) | (0 if version is None else 1 << 14))
    head += b"" if version is None else bytes([version])
    message = head + bytes.fromhex(terminal.zfill(12 if version is None else 20)) + struct.pack(">H", serial) + body
    message += bytes([xor(message)])
    return b"~" + message.replace(b"}", b"}\x01").replace(b"~", b"}\x02") + b"~"


def jt808_location(clock, lat, lon, altitude=0, speed=0, course=0, alarm=0, status=2, items=b""):
    """`clock`: "161530" in China. Bits of the status: 0 ignition, 1 positioned, 2 south, 3 west."""
    status |= (lat < 0) << 2 | (lon < 0) << 3
    place = struct.pack(
        ">IIIIHHH", alarm, status, round(abs(lat) * 1e6), round(abs(lon) * 1e6), altitude, speed, course
    )
    return place + bytes.fromhex("251103" + clock) + items


def jt808(devices):
    first, second = (d.identifier for d in devices)

    def answer(serial, kind, result=0):
        return jt808_frame(0x8001, first, 0, struct.pack(">HHB", serial, kind, result))

    def answered(kind, serial, body, *reports):
        return Step(jt808_frame(kind, first, serial, body), answer(serial, kind), reports)

    def of_2019(kind, serial, body, *reports):
        said = jt808_frame(0x8001, second, 0, struct.pack(">HHB", serial, kind, 0), version=1)
        return Step(jt808_frame(kind, second, serial, body, version=1), said, reports)

    items = bytes.fromhex("01 04 0001E240 30 01 1F 31 01 0B")
    known = {"odometer": 12345600, "gsmSignal": 31, "satellites": 11}
    parked = {"status": 2, "ignition": False}
    parts = [
        jt808_location("161700", **EAST, speed=180),
        jt808_location("161730", **WEST, speed=360, items=bytes.fromhex("31 01 08")),
    ]
    return [
        Step(
            jt808_frame(
                0x0100, first, 1, struct.pack(">HH5s20s7sB", 44, 307, b"PTRCK", b"PT-1", b"0000001", 1) + b"B12345"
            ),
            jt808_frame(0x8100, first, 0, struct.pack(">HB", 1, 0) + first.encode()),
        ),
        answered(0x0102, 2, first.encode()),
        answered(0x0002, 3, b"", Report()),
        answered(
            0x0200,
            0x7E7D,
            jt808_location("161530", **EAST, altitude=126, speed=600, course=178, status=3, items=items),
            Report(
                "2025-11-03 08:15:30",
                **EAST,
                speed=600 / 36,
                course=178,
                altitude=126,
                attributes={"status": 3, "ignition": True, **known},
            ),
        ),
        Step(  # behind noise; the button, low voltage of the vehicle; left fence 7
            b"\r\n\0"
            + jt808_frame(
                0x0200,
                first,
                5,
                jt808_location("161545", **WEST, altitude=7, alarm=0x81, items=bytes.fromhex("12 06 01 00000007 01")),
            ),
            answer(5, 0x0200),
            (
                Report(
                    "2025-11-03 08:15:45",
                    **WEST,
                    speed=0,
                    course=0,
                    altitude=7,
                    attributes={
                        "status": 14,
                        "ignition": False,
                        "event": 0x81,
                        "alarm": "sos,lowPower,geofenceExit",
                        "fence": 7,
                    },
                ),
            ),
        ),
        answered(
            0x0200,
            6,
            jt808_location("161600", 0, 0, status=0),
            Report("2025-11-03 08:16:00", attributes={"status": 0, "ignition": False}),
        ),
        answered(
            0x0704,
            7,
            struct.pack(">HB", 2, 1) + b"".join(struct.pack(">H", len(p)) + p for p in parts),
            Report("2025-11-03 08:17:00", **EAST, speed=5, course=0, altitude=0, attributes={**parked, "stored": True}),
            Report(
                "2025-11-03 08:17:30",
                **WEST,
                speed=10,
                course=0,
                altitude=0,
                attributes={"status": 14, "ignition": False, "stored": True, "satellites": 8},
            ),
        ),
        answered(
            0x0201,
            8,
            struct.pack(">H", 99) + jt808_location("161800", **EAST),
            Report("2025-11-03 08:18:00", **EAST, speed=0, course=0, altitude=0, attributes=parked),
        ),
        Step(jt808_frame(0x0001, first, 9, struct.pack(">HHB", 1, 0x8103, 0))),  # to what the platform said
        Step(jt808_frame(0x0002, first, 10)[:-2] + b"\x2a~", refused="bad_checksum"),
        Step(
            jt808_frame(0x0004, first, 11),
            masked(b"~\x80\x04\x00\x06", "." * 6, b"\0\0", ".{6}(?:}.|[^}])", b"~"),
        ),
        Step(  # not of the standard
            jt808_frame(0x0F01, first, 12, b"\x01\x02"),
            answer(12, 0x0F01, 3),
            (Report(attributes={"type": 0x0F01, "data": "0102"}),),
        ),
        of_2019(
            0x0200,
            1,
            jt808_location("161900", **EAST, speed=36, items=items),
            Report(
                "2025-11-03 08:19:00", **EAST, speed=1, course=0, altitude=0, attributes={**parked, **known}, device=1
            ),
        ),
        of_2019(0x0002, 2, b"", Report(device=1)),
        answered(0x0003, 13, b""),
    ]


# ---- Teltonika ----


def teltonika_login(imei):
    return struct.pack(">H", len(imei)) + imei.encode()


def teltonika_place(report, satellites, priority=0):
    """Up to the satellites and the speed, which are of the report."""
    place = (round((report.lon or 0) * 1e7), round((report.lat or 0) * 1e7), round(report.altitude or 0))
    kmh = round((report.speed or 0) / KMH_MPS)
    return struct.pack(">QBiihHBH", report.time_ms, priority, *place, round(report.course or 0), satellites, kmh)


def teltonika_elements(codec, event, groups, trigger=0, variable=()):
    """`groups`: {id: value} of 1, 2, 4 and 8 bytes."""
    number = ">B" if codec == 0x08 else ">H"
    count = ">H" if codec == 0x8E else ">B"
    out = struct.pack(number, event) + (bytes([trigger]) if codec == 0x10 else b"")
    out += struct.pack(count, sum(map(len, groups)) + len(variable))
    for size, group in zip((1, 2, 4, 8), groups, strict=True):
        out += struct.pack(count, len(group))
        for element, value in group.items():
            out += struct.pack(number, element) + value.to_bytes(size, "big")
    if codec == 0x8E:
        out += struct.pack(">H", len(variable))
        for element, value in variable:
            out += struct.pack(">HH", element, len(value)) + value
    return out


def teltonika_body(codec, *records):
    return bytes([codec, len(records)]) + b"".join(records) + bytes([len(records)])


def teltonika_packet(body):
    return struct.pack(">II", 0, len(body)) + body + struct.pack(">I", crc16(body, 0xA001))


def teltonika_codec_12(text):
    return teltonika_packet(b"\x0c\x01\x06" + struct.pack(">I", len(text)) + text + b"\x01")


TELTONIKA_FIXES = (
    Report(
        "2025-11-03 08:15:30",
        **EAST,
        speed=10,
        course=332,
        altitude=55,
        battery=87,
        attributes={
            "satellites": 9,
            "ignition": True,
            "motion": True,
            "gsmSignal": 4,
            "externalVoltage": 12.3,
            "batteryVoltage": 4.05,
            "odometer": 123456,
            "iButton": "0000000012345678",
        },
    ),
    Report(
        "2025-11-03 08:15:45",
        **WEST,
        speed=5,
        course=90,
        altitude=-4,
        attributes={"satellites": 5, "priority": 2, "event": 236, "alarmButton": True, "alarm": "sos"},
    ),
    Report("2025-11-03 08:16:00", attributes={"satellites": 0, "gsmSignal": 1}),
    Report("2025-11-03 08:16:15", **EAST, valid=False, attributes={"satellites": 0}),
)


def teltonika_records(codec):
    moving, panic, nowhere, last = TELTONIKA_FIXES
    everything = (
        {239: 1, 240: 1, 21: 4, 113: 87},
        {66: 12300, 67: 4050},
        {16: 123456},
        {78: 0x12345678},
    )
    nothing = ({}, {}, {}, {})
    return (
        teltonika_place(moving, 9) + teltonika_elements(codec, 0, everything),
        teltonika_place(panic, 5, priority=2) + teltonika_elements(codec, 236, ({236: 1}, {}, {}, {})),
        teltonika_place(nowhere, 0) + teltonika_elements(codec, 0, ({21: 1}, {}, {}, {})),
        teltonika_place(last, 0) + teltonika_elements(codec, 0, nothing),
    )


TELTONIKA_EXTENDED = Report(
    "2025-11-03 08:17:00",
    **EAST,
    speed=0,
    course=0,
    altitude=0,
    attributes={"satellites": 7, "io10009": "ac853d001122"},
)
TELTONIKA_16 = Report(
    "2025-11-03 08:18:00",
    **WEST,
    speed=0,
    course=0,
    altitude=0,
    attributes={"satellites": 7, "event": 240, "motion": False},
)


def teltonika_other_codecs():
    extended = teltonika_place(TELTONIKA_EXTENDED, 7) + teltonika_elements(
        0x8E, 0, ({}, {}, {}, {}), variable=((10009, bytes.fromhex("AC853D001122")),)
    )
    generated = teltonika_place(TELTONIKA_16, 7) + teltonika_elements(0x10, 240, ({240: 0}, {}, {}, {}), trigger=5)
    return teltonika_body(0x8E, extended), teltonika_body(0x10, generated)


def of_device(reports, device):
    return tuple(Report(**{**vars(r), "device": device}) for r in reports)


def teltonika(devices):
    first, second = (d.identifier for d in devices)
    records = teltonika_records(0x08)
    extended, generated = teltonika_other_codecs()
    return [
        Step(teltonika_login(first), b"\x01"),
        Step(teltonika_packet(teltonika_body(0x08, records[0])), struct.pack(">I", 1), TELTONIKA_FIXES[:1]),
        Step(b"\xff" + teltonika_packet(teltonika_body(0x08, *records[1:])), struct.pack(">I", 3), TELTONIKA_FIXES[1:]),
        Step(teltonika_packet(extended), struct.pack(">I", 1), (TELTONIKA_EXTENDED,)),
        Step(teltonika_packet(generated), struct.pack(">I", 1), (TELTONIKA_16,)),
        Step(
            teltonika_codec_12(b"Data Link: 1 GPRS: 1\r\n"),
            b"",
            (Report(attributes={"result": "Data Link: 1 GPRS: 1"}),),
        ),
        Step(teltonika_login(second), b"\x01"),
        Step(teltonika_packet(teltonika_body(0x08, *records)), struct.pack(">I", 4), of_device(TELTONIKA_FIXES, 1)),
    ]


def teltonika_datagram(number, avl, imei, body):
    said = struct.pack(">HBB", number, 1, avl) + teltonika_login(imei) + body
    return struct.pack(">H", len(said)) + said


def teltonika_udp(devices):
    records = teltonika_records(0x08)
    extended, generated = teltonika_other_codecs()
    bodies = (
        (0, teltonika_body(0x08, *records), TELTONIKA_FIXES),
        (0, extended, (TELTONIKA_EXTENDED,)),
        (1, teltonika_body(0x08, *records), of_device(TELTONIKA_FIXES, 1)),
        (0, generated, (TELTONIKA_16,)),
    )
    return [
        Step(
            teltonika_datagram(0xCAFE + i, 5 + i, devices[device].identifier, body),
            struct.pack(">HHBBB", 5, 0xCAFE + i, 1, 5 + i, len(reports)),
            reports,
        )
        for i, (device, body, reports) in enumerate(bodies)
    ]


SESSIONS = {
    "gt06": Session(
        ("868120300000101", "868120300000102"),
        gt06,
        Step(gt06_frame(0x01, bytes.fromhex("0868120300009101"), 1)),
        login=1,
    ),
    "jt808": Session(("013800138001", "868120300000202"), jt808, Step(jt808_frame(0x0002, "013800138999", 1))),
    "teltonika": Session(
        ("868120300000301", "868120300000302"), teltonika, Step(teltonika_login("868120300009301"), b"\x00"), login=1
    ),
    "teltonika-udp": Session(
        ("868120300000401", "868120300000402"),
        teltonika_udp,
        Step(teltonika_datagram(1, 1, "868120300009401", teltonika_body(0x08, *teltonika_records(0x08)))),
    ),
}
