"""with_servers.py [--kafka] COMMAND...: runs a command with servers of its own, and exits as it does.

PETTRACK_TEST_MONGODB (and with --kafka PETTRACK_TEST_KAFKA) in its environment say where they are.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from support.servers import Kafka, Mongo


def main(arguments):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pettrack-servers-"))
    servers, env = [], dict(os.environ)
    try:
        servers.append(Mongo(folder / "mongod"))
        env["PETTRACK_TEST_MONGODB"] = servers[0].uri("unit")
        if arguments[0] == "--kafka":
            arguments = arguments[1:]
            servers.append(Kafka(folder / "kafka"))
            env["PETTRACK_TEST_KAFKA"] = servers[1].brokers
        for server in servers:
            server.start()
        return subprocess.run(arguments, env=env).returncode
    finally:
        for server in servers:
            server.remove()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
