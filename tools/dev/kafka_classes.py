"""kafka_classes.py LIBS ARCHIVE: has a broker start, take a record and end, and keeps the classes that it read.

A JVM that is given the archive (-XX:SharedArchiveFile) starts Kafka with less than half the processor time; one that it
does not fit, as after an upgrade, leaves it alone.
"""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaError

START_S = 120
TOPIC = "t"


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [s.getsockname()[1] for s in sockets]


def write_properties(folder, port, controller):
    """What tools/dev/kafka.properties has, filled in."""
    text = pathlib.Path(__file__).with_name("kafka.properties").read_text(encoding="utf-8")
    for name, value in {"@PORT@": port, "@CONTROLLER@": controller, "@DATA@": f"{folder}/data"}.items():
        text = text.replace(name, str(value))
    path = pathlib.Path(folder, "server.properties")
    path.write_text(text, encoding="utf-8")
    return path


def wait_started(broker, brokers):
    end = time.monotonic() + START_S
    while True:
        try:
            return KafkaAdminClient(bootstrap_servers=brokers)
        except KafkaError:
            if broker.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.2)


def use(admin, brokers):
    """So that what serves topics, records and groups is among the classes."""
    admin.create_topics([NewTopic(TOPIC, 1, 1)])
    producer = KafkaProducer(bootstrap_servers=brokers)
    producer.send(TOPIC, b"1").get(30)
    producer.close()
    consumer = KafkaConsumer(TOPIC, bootstrap_servers=brokers, group_id="g", auto_offset_reset="earliest")
    next(consumer)
    consumer.close()
    admin.close()


def main(libs, archive):
    java = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-cp", f"{libs}/*"]
    with tempfile.TemporaryDirectory(dir=os.path.dirname(archive)) as folder:
        port, controller = free_ports(2)
        properties, made = write_properties(folder, port, controller), f"{folder}/classes"
        identity = ["--standalone", "--cluster-id=AAAAAAAAAAAAAAAAAAAAAA", "-c", properties]
        subprocess.run([*java, "kafka.tools.StorageTool", "format", *identity], check=True)
        broker = subprocess.Popen([java[0], f"-XX:ArchiveClassesAtExit={made}", *java[1:], "kafka.Kafka", properties])
        try:
            use(wait_started(broker, f"127.0.0.1:{port}"), f"127.0.0.1:{port}")
            broker.terminate()
            broker.wait(60)
        finally:
            broker.kill()
            broker.wait()
        os.rename(made, archive)


if __name__ == "__main__":
    main(*sys.argv[1:])
