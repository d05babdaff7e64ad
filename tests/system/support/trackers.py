"""Trackers: OsmAnd over HTTP (requests), Teltonika over TCP (an encoder written from the vendor's description)."""

import dataclasses
import http.client as http_client
import socket
import struct
import urllib.parse

import requests

from .times import now_ms


def osmand_params(device, lat, lon, time_ms=None, **fields):
    params = {"id": device.identifier, **fields}
    if lat is not None:
        params.update(lat=f"{lat:.7f}", lon=f"{lon:.7f}")
    params["timestamp"] = now_ms() if time_ms is None else time_ms
    return params


def send_osmand(stack, device, lat, lon, time_ms=None, *, secret=None, form=False, http=requests, timeout=40, **fields):
    """One position as a query (or form) with the device's secret as Bearer; the response. `secret=False`: none."""
    params = osmand_params(device, lat, lon, time_ms, **fields)
    secret = device.secret if secret is None else secret
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    how = {"data": params} if form else {"params": params}
    return http.post(stack.gateway.url("/", "osmand"), headers=headers, timeout=timeout, **how)


def send_osmand_json(stack, device, location, *, secret=None, http=requests, timeout=40):
    """The JSON of newer apps: `location` is what stands under "location"."""
    headers = {"Authorization": f"Bearer {device.secret if secret is None else secret}"}
    body = {"location": location, "device_id": device.identifier}
    return http.post(stack.gateway.url("/", "osmand"), json=body, headers=headers, timeout=timeout)


class OsmandClient:
    """Forms, one after the other on one connection: for many, where requests would take more time than all the rest."""

    def __init__(self, stack, timeout=40):
        self._connection = http_client.HTTPConnection("127.0.0.1", stack.gateway.ports["osmand"], timeout=timeout)

    def send(self, device, lat, lon, time_ms, **fields):
        """The status, and what was said with it. OSError or http.client.HTTPException where there is no answer."""
        form = urllib.parse.urlencode(osmand_params(device, lat, lon, time_ms, **fields))
        headers = {"Authorization": f"Bearer {device.secret}", "Content-Type": "application/x-www-form-urlencoded"}
        try:
            self._connection.request("POST", "/", form, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
        except BaseException:
            self.close()  # the next one connects anew
            raise

    def close(self):
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---- Teltonika ----


@dataclasses.dataclass
class Avl:
    """One AVL record. Speed km/h, angle degrees, altitude m; `io`: {id: (size in bytes, value)}."""

    time_ms: int
    lat: float
    lon: float
    altitude: int = 0
    angle: int = 0
    satellites: int = 9
    speed: int = 0
    io: dict = dataclasses.field(default_factory=dict)
    event: int = 0
    priority: int = 0


def crc16_ibm(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def _io(record, extended):
    number = ">H" if extended else ">B"
    out = struct.pack(number, record.event) + struct.pack(number, len(record.io))
    for size in (1, 2, 4, 8):
        group = [(key, value) for key, (width, value) in record.io.items() if width == size]
        out += struct.pack(number, len(group))
        for key, value in group:
            out += struct.pack(number, key) + (value & (1 << 8 * size) - 1).to_bytes(size, "big")
    return out + (struct.pack(">H", 0) if extended else b"")


def teltonika_packet(records, codec=0x08):
    """Codec 8 (0x08) or 8 Extended (0x8E)."""
    body = struct.pack(">BB", codec, len(records))
    for r in records:
        body += struct.pack(">QBiihHBH", r.time_ms, r.priority, round(r.lon * 1e7), round(r.lat * 1e7), r.altitude,
                            r.angle, r.satellites, r.speed)  # fmt: skip
        body += _io(r, codec == 0x8E)
    body += struct.pack(">B", len(records))
    return struct.pack(">II", 0, len(body)) + body + struct.pack(">I", crc16_ibm(body))


class TeltonikaClient:
    """One device's connection. The constructor logs in; `accepted` is the server's answer to that."""

    def __init__(self, stack, imei, timeout=40):
        self.socket = socket.create_connection(("127.0.0.1", stack.gateway.ports["teltonika"]), timeout=timeout)
        self.socket.settimeout(timeout)
        imei = getattr(imei, "identifier", imei).encode()
        self.socket.sendall(struct.pack(">H", len(imei)) + imei)
        self.accepted = self._read(1) == b"\x01"

    def _read(self, n):
        """Exactly n bytes, or fewer when the server closed."""
        got = b""
        while len(got) < n:
            try:
                part = self.socket.recv(n - len(got))
            except ConnectionResetError:
                break
            if not part:
                break
            got += part
        return got

    def send(self, records, codec=0x08):
        """One packet; the number of records the server says it took. None when it closed instead."""
        return self.send_bytes(teltonika_packet(records, codec))

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return None
        answer = self._read(4)
        return struct.unpack(">I", answer)[0] if len(answer) == 4 else None

    def closed_by_server(self):
        return self._read(1) == b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
