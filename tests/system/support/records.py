"""Kafka by a client of its own (kafka-python), records by a protobuf reader of its own."""

import contextlib
import struct

from kafka import KafkaConsumer, KafkaProducer, TopicPartition


class TopicReader:
    """A topic of the stack from its beginning; read() gives what has come since the last time."""

    def __init__(self, stack, name):
        self._consumer = KafkaConsumer(bootstrap_servers=stack.kafka.brokers, enable_auto_commit=False)
        topic = stack.topic(name)
        self._partitions = [TopicPartition(topic, p) for p in sorted(self._consumer.partitions_for_topic(topic) or ())]
        assert self._partitions, f"there is no topic {topic}"
        self._consumer.assign(self._partitions)
        self._consumer.seek_to_beginning(*self._partitions)

    def read(self):
        """Every record that is there now, partition after partition, from where it read last."""
        ends, found = self._consumer.end_offsets(self._partitions), []
        while any(self._consumer.position(p) < ends[p] for p in self._partitions):
            for batch in self._consumer.poll(timeout_ms=500).values():
                found += batch
        return found

    def close(self):
        self._consumer.close()


def read_topic(stack, name):
    """Every record now in a topic of the stack, partition after partition."""
    with contextlib.closing(TopicReader(stack, name)) as reader:
        return reader.read()


def produce(stack, name, key, value, partition=None):
    """One record, acknowledged; its (partition, offset)."""
    producer = KafkaProducer(bootstrap_servers=stack.kafka.brokers, acks="all")
    try:
        sent = producer.send(stack.topic(name), key=key, value=value, partition=partition).get(timeout=20)
        return sent.partition, sent.offset
    finally:
        producer.close()


def _varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def _fields(data):
    """(number, raw value) of each field: int for varints, bytes for the rest."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(data, at)
        else:
            size = 8 if kind == 1 else 4
            if kind == 2:
                size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        yield tag >> 3, value


def _signed(number):
    """sint64's zigzag undone."""
    return number >> 1 ^ -(number & 1)


def _float(data):
    return struct.unpack("<f", data)[0]


def _attribute(data):
    """(name, value) of an Attribute; the value's type is the one it has there."""
    readers = {2: bool, 3: _signed, 4: lambda v: struct.unpack("<d", v)[0], 5: lambda v: v.decode()}
    fields = dict(_fields(data))
    name = fields.pop(1).decode()
    ((number, value),) = fields.items()
    return name, readers[number](value)


def decode_position(data):
    """proto/position.proto's Position as a dict; "attributes" is one, and empty where there are none."""
    readers = {
        1: ("device", bytes),
        2: ("time", lambda v: struct.unpack("<Q", v)[0]),
        3: ("received", lambda v: struct.unpack("<Q", v)[0]),
        4: ("lat", lambda v: struct.unpack("<i", v)[0] / 1e7),
        5: ("lon", lambda v: struct.unpack("<i", v)[0] / 1e7),
        6: ("speed", _float),
        7: ("course", _float),
        8: ("altitude", _float),
        9: ("accuracy", _float),
        10: ("battery", _float),
        11: ("invalid", bool),
        12: ("protocol", lambda v: v.decode()),
    }
    fields = list(_fields(data))
    found = {readers[n][0]: readers[n][1](v) for n, v in fields if n in readers}
    return {**found, "attributes": dict(_attribute(v) for n, v in fields if n == 13)}
