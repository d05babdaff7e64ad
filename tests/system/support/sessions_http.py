"""Sessions of phone apps that speak HTTP: OsmAnd, OwnTracks, Overland, GPSLogger; many requests a connection."""

import base64
import json

from .sessions import EAST, KNOT_MPS, WEST, Report, Session, Step, masked

DATE = (b"Date: ", r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", b"\r\n")
FORM = "application/x-www-form-urlencoded"


def request(uri, body="", method=None, **headers):
    lines = [f"{method or ('POST' if body else 'GET')} {uri} HTTP/1.1", "Host: gateway.example.org"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body and "Transfer_Encoding" not in headers:
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join([*lines, "", ""]) + body).encode()


def chunked(text, *sizes):
    """The body in chunks of these sizes and one of the rest."""
    out, at = "", 0
    for size in (*sizes, len(text) - sum(sizes)):
        out += f"{size:x}\r\n{text[at : at + size]}\r\n"
        at += size
    return out + "0\r\n\r\n"


def response(status="200 OK", kind=None, body="", close=False):
    head = b"HTTP/1.1 " + status.encode() + b"\r\n"
    rest = "Connection: close\r\n" if close else ""
    if status.startswith("401"):
        rest += 'WWW-Authenticate: Basic realm="pettrack", Bearer\r\n'
    if kind:
        rest += f"Content-Type: {kind}\r\n"
    return masked(head, *DATE, f"{rest}Content-Length: {len(body)}\r\n\r\n{body}".encode())


def refusal(status, reason):
    return response(status, "text/plain", reason + "\n")


WRONG_SECRET = refusal("401 Unauthorized", "wrong_secret")


def bearer(device):
    return {"Authorization": f"Bearer {device.secret}"}


def basic(device, user="misty"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{device.secret}".encode()).decode()}


# ---- OsmAnd ----


def osmand(devices):
    first, second = devices
    query = f"/?id={first.identifier}&lat=22.577&lon=113.917&timestamp=1762157730"
    query += "&speed=10&bearing=332&altitude=55&accuracy=5.5&batt=87"
    form = f"deviceid={first.identifier}&secret={first.secret}&location=-12.0464,-77.0428"
    form += "&timestamp=2025-11-03T08:15:45Z&alarm=sos&cell=460,0,9360,4082&charge=true"
    location = {
        "timestamp": "2025-11-03T08:16:00.250Z",
        "coords": {
            "latitude": 22.577,
            "longitude": 113.917,
            "accuracy": 4,
            "speed": 1.5,
            "heading": -1,
            "altitude": 60,
        },
        "is_moving": True,
        "battery": {"level": 0.5, "is_charging": False},
        "activity": {"type": "walking"},
    }
    whole = json.dumps({"location": location, "device_id": second.identifier})
    return [
        Step(
            request(query, **bearer(first)),
            response(),
            (
                Report(
                    "2025-11-03 08:15:30",
                    **EAST,
                    speed=10 * KNOT_MPS,
                    course=332,
                    altitude=55,
                    accuracy=5.5,
                    battery=87,
                ),
            ),
        ),
        Step(
            request("/", form, Content_Type=FORM),
            response(),
            (
                Report(
                    "2025-11-03 08:15:45",
                    **WEST,
                    attributes={"alarm": "sos", "cells": "460,0,9360,4082", "charging": True},
                ),
            ),
        ),
        Step(request(query, Authorization="Bearer guessed"), WRONG_SECRET, refused="wrong_secret", alone=True),
        Step(request(query), WRONG_SECRET, refused="wrong_secret", alone=True),
        Step(
            request("/", whole, Content_Type="application/json", **basic(second)),
            response(),
            (
                Report(
                    "2025-11-03 08:16:00.250",
                    **EAST,
                    speed=1.5,
                    altitude=60,
                    accuracy=4,
                    battery=50,
                    device=1,
                    attributes={"motion": True, "activity": "walking", "charging": False},
                ),
            ),
        ),
        Step(
            request(
                "/",
                chunked(form.replace("08:15:45", "08:16:15"), 1, 30),
                Content_Type=FORM,
                Transfer_Encoding="chunked",
            ),
            response(),
            (
                Report(
                    "2025-11-03 08:16:15",
                    **WEST,
                    attributes={"alarm": "sos", "cells": "460,0,9360,4082", "charging": True},
                ),
            ),
            alone=True,  # its lines have bodies without chunks
        ),
        Step(
            request(f"/?id={first.identifier}&lat=91&lon=0&timestamp=1762157730", **bearer(first)),
            refusal("400 Bad Request", "bad_value"),
            refused="bad_value",
        ),
        Step(  # no place
            request(f"/?id={first.identifier}&timestamp=1762157800&batt=86", **bearer(first), X_Other="x"),
            response(),
            (Report("2025-11-03 08:16:40", battery=86),),
        ),
        Step(
            request(
                f"/?id={second.identifier}&lat=22.577&lon=113.917&timestamp=1762157830000&valid=false",
                method="PUT",
                X_Device_Secret=second.secret,
                Connection="close",
            ),
            response(close=True),
            (Report("2025-11-03 08:17:10", **EAST, valid=False, device=1),),
        ),
    ]


# ---- OwnTracks ----


def owntracks(devices):
    first, second = devices
    nothing = response(kind="application/json", body="[]")

    def post(device, secret=None, uri="/", **message):
        auth = basic(device) if secret is None else {"Authorization": f"Bearer {secret}"}
        named = {"X_Limit_U": "misty", "X_Limit_D": device.identifier} if uri == "/" else {}
        return request(uri, json.dumps(message), Content_Type="application/json", **named, **auth)

    at = {"_type": "location", "tid": "mi", "tst": 1762157730, "lat": 22.577, "lon": 113.917}
    return [
        Step(
            post(
                first,
                **at,
                acc=12,
                alt=55,
                vel=36,
                cog=332,
                batt=87,
                bs=2,
                conn="w",
                t="u",
                m=1,
                BSSID="1c:fa:68:13:a5:b4",
            ),
            nothing,
            (
                Report(
                    "2025-11-03 08:15:30",
                    **EAST,
                    speed=10,
                    course=332,
                    altitude=55,
                    accuracy=12,
                    battery=87,
                    attributes={
                        "charging": True,
                        "networkType": "wifi",
                        "event": "u",
                        "monitoring": 1,
                        "wifi": "1c:fa:68:13:a5:b4",
                    },
                ),
            ),
        ),
        Step(
            post(
                first,
                _type="transition",
                tid="mi",
                tst=1762157745,
                wtst=1762000000,
                lat=-12.0464,
                lon=-77.0428,
                acc=20,
                event="leave",
                desc="Garden",
                t="c",
            ),
            nothing,
            (
                Report(
                    "2025-11-03 08:15:45",
                    **WEST,
                    accuracy=20,
                    attributes={"event": "leave", "alarm": "geofenceExit", "fence": "Garden", "t": "c"},
                ),
            ),
        ),
        Step(post(first, secret="guessed", **at), WRONG_SECRET, refused="wrong_secret", alone=True),
        Step(post(first, _type="lwt", tst=1762157750), nothing),
        Step(request("/?u=misty&d=" + first.identifier, method="POST", Content_Length=0, **basic(first)), nothing),
        Step(
            post(first, _type="steps", tst=1762157760, steps=1234),
            nothing,
            (Report("2025-11-03 08:16:00", attributes={"steps": 1234}),),
        ),
        Step(
            post(second, uri="/?u=misty&d=" + second.identifier, **{**at, "tst": 1762157775}),
            nothing,
            (Report("2025-11-03 08:16:15", **EAST, device=1),),
        ),
        Step(
            request("/", "{", Content_Type="application/json", X_Limit_D=first.identifier, **basic(first)),
            refusal("400 Bad Request", "bad_frame"),
            refused="bad_frame",
        ),
    ]


# ---- Overland ----


def overland(devices):
    first, second = devices
    taken = response(kind="application/json", body='{"result":"ok"}')

    def feature(device, place, **properties):
        geometry = place and {"type": "Point", "coordinates": [place["lon"], place["lat"]]}
        return {"type": "Feature", "geometry": geometry, "properties": {"device_id": device.identifier, **properties}}

    def post(device, *features, secret=None, uri="/"):
        auth = {"Authorization": f"Bearer {secret or device.secret}"}
        return request(uri, json.dumps({"locations": features}), Content_Type="application/json", **auth)

    full = {
        "timestamp": "2025-11-03T08:15:30Z",
        "altitude": 55,
        "speed": 1.5,
        "course": 332,
        "horizontal_accuracy": 8,
        "vertical_accuracy": 4,
        "motion": ["walking"],
        "pauses": False,
        "activity": "other",
        "desired_accuracy": 100,
        "deferred": 0,
        "significant_change": "disabled",
        "locations_in_payload": 3,
        "wifi": "home",
        "battery_state": "charging",
        "battery_level": 0.8,
    }
    return [
        Step(
            post(
                first,
                feature(first, EAST, **full),
                feature(
                    first, WEST, timestamp="2025-11-03T03:15:45-05:00", speed=-1, course=-1, horizontal_accuracy=30
                ),
                feature(first, None, timestamp="2025-11-03T08:16:00Z", action="visit", battery_level=0.79),
            ),
            taken,
            (
                Report(
                    "2025-11-03 08:15:30",
                    **EAST,
                    speed=1.5,
                    course=332,
                    altitude=55,
                    accuracy=8,
                    battery=80,
                    attributes={
                        "verticalAccuracy": 4,
                        "activity": "walking",
                        "motion": True,
                        "ssid": "home",
                        "charging": True,
                    },
                ),
                Report("2025-11-03 08:15:45", **WEST, accuracy=30),
                Report("2025-11-03 08:16:00", battery=79, attributes={"event": "visit"}),
            ),
        ),
        Step(
            post(first, feature(first, EAST, **full), secret="guessed"),
            WRONG_SECRET,
            refused="wrong_secret",
            alone=True,
        ),
        Step(post(first, uri="/?device_id=" + first.identifier), taken),
        Step(
            post(second, feature(second, EAST, timestamp="2025-11-03T08:16:15Z", horizontal_accuracy=-1), uri="/?x=1"),
            taken,
            (Report("2025-11-03 08:16:15", **EAST, valid=False, device=1),),
        ),
    ]


# ---- GPSLogger ----


def gpslogger(devices):
    first, second = devices
    every = "lat={lat}&lon={lon}&sat=9&desc=a+walk&alt=55.0&acc=5.5&dir=332.0&prov=gps&spd=1.5&timestamp=1762157730"
    every += "&time=2025-11-03T08:15:30.250Z&starttimestamp=1762150000&date=2025-11-03&batt=87.0&ischarging=false"
    every += "&hdop=0.9&act=WALKING&ser=abc&filename=20251103&dist=12"
    text = every.format(**EAST)
    attributes = {
        "satellites": 9,
        "description": "a walk",
        "provider": "gps",
        "charging": False,
        "hdop": 0.9,
        "activity": "WALKING",
        "distance": 12.0,
    }
    fix = {"speed": 1.5, "course": 332, "altitude": 55, "accuracy": 5.5, "battery": 87, "attributes": attributes}
    return [
        Step(
            request(f"/?id={first.identifier}&{text}", **basic(first)),
            response(),
            (Report("2025-11-03 08:15:30.250", **EAST, **fix),),
        ),
        Step(
            request(
                "/log?secret=" + first.secret,
                f"id={first.identifier}&lat=-12.0464&lon=-77.0428&timestamp=1762157745&spd=0",
                Content_Type=FORM,
            ),
            response(),
            (Report("2025-11-03 08:15:45", **WEST, speed=0),),
        ),
        Step(
            request(f"/?id={first.identifier}&{text}", **basic(second)),
            WRONG_SECRET,
            refused="wrong_secret",
            alone=True,
        ),
        Step(
            request(
                "/",
                json.dumps({"id": second.identifier, "lat": 22.577, "lon": 113.917, "timestamp": 1762157760}),
                Content_Type="application/json",
                **bearer(second),
            ),
            response(),
            (Report("2025-11-03 08:16:00", **EAST, device=1),),
        ),
        Step(
            request(f"/?id={first.identifier}&lat=&lon=&timestamp=1762157775&batt=86", **basic(first)),
            response(),
            (Report("2025-11-03 08:16:15", battery=86),),
        ),
    ]


UNKNOWN = refusal("400 Bad Request", "unknown_device")
UNKNOWN_401 = refusal("401 Unauthorized", "unknown_device")
STRANGE_JSON = {"Content_Type": "application/json", "Authorization": "Bearer guessed"}

SESSIONS = {
    "osmand": Session(("osmand-1", "osmand-2"), osmand, Step(request("/?id=nobody&lat=1&lon=2&secret=x"), UNKNOWN)),
    "owntracks": Session(
        ("owntracks-1", "owntracks-2"),
        owntracks,
        Step(
            request("/?d=nobody", '{"_type":"location","tst":1762157730,"lat":1,"lon":2}', **STRANGE_JSON), UNKNOWN_401
        ),
    ),
    "overland": Session(
        ("overland-1", "overland-2"),
        overland,
        Step(request("/?id=nobody", '{"locations":[{"properties":{}}]}', **STRANGE_JSON), UNKNOWN_401),
    ),
    "gpslogger": Session(
        ("gpslogger-1", "gpslogger-2"), gpslogger, Step(request("/?id=nobody&lat=1&lon=2&secret=x"), UNKNOWN)
    ),
}
