"""Kafka and MongoDB as they are run in earnest: TLS, users with passwords, and rights that are checked."""

import dataclasses
import pathlib
import subprocess

from .servers import Kafka, Mongo

ADMIN = "admin"


# ---- certificates ----


@dataclasses.dataclass
class Authority:
    """A certificate authority in a folder, made by openssl."""

    folder: pathlib.Path
    name: str = "Test CA"

    def __post_init__(self):
        self.folder = pathlib.Path(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate = self.folder / "ca.pem"
        self._key = self.folder / "ca.key"
        _openssl("req", "-x509", *_NEW_KEY, "-keyout", self._key, "-out", self.certificate, "-days", "2",
                 "-subj", f"/CN={self.name}", "-addext", "basicConstraints=critical,CA:TRUE",
                 "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip

    def issue(self, name, alternative="IP:127.0.0.1,DNS:localhost"):
        """A file with a key and its certificate, for servers and clients."""
        key, request, certificate = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative}\nextendedKeyUsage=serverAuth,clientAuth\n")
        _openssl("req", *_NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                 "-days", "2", "-extfile", extensions, "-out", certificate)  # fmt: skip
        both = self.folder / f"{name}.pem"
        both.write_text(key.read_text() + certificate.read_text())
        return both


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, f"openssl {arguments[0]}: {done.stderr}"


# ---- Kafka ----


class SecureKafka(Kafka):
    """SASL_SSL with SCRAM-SHA-512 and PLAIN; who is not allowed something may not do it.

    `users` {name: password} may log in, by either mechanism.
    """

    def __init__(self, folder, authority, users):
        self.authority, self.users = authority, users
        super().__init__(folder)

    def _properties(self):
        pem = self.authority.issue("kafka")
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule required " + " ".join(
            [f'username="{ADMIN}"', f'password="{self.users[ADMIN]}"']
            + [f'user_{name}="{password}"' for name, password in self.users.items()]
        )
        scram = (
            "org.apache.kafka.common.security.scram.ScramLoginModule required "
            f'username="{ADMIN}" password="{self.users[ADMIN]}"'
        )
        return super()._properties() | {
            "listeners": f"SASL_SSL://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller}",
            "listener.security.protocol.map": "CONTROLLER:SASL_SSL,SASL_SSL:SASL_SSL",
            "inter.broker.listener.name": "SASL_SSL",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{scram};",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": f"{plain};",
            "listener.name.controller.plain.sasl.jaas.config": f"{plain};",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(pem),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.certificate),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{ADMIN}",
        }

    def _format_arguments(self):
        arguments = super()._format_arguments()
        for name, password in self.users.items():
            arguments += ["--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]"]
        return arguments

    def client_settings(self):
        """What kafka-python needs to be the administrator."""
        return {
            "bootstrap_servers": self.brokers,
            "security_protocol": "SASL_SSL",
            "ssl_cafile": str(self.authority.certificate),
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": ADMIN,
            "sasl_plain_password": self.users[ADMIN],
        }

    def env(self, user, mechanism="PLAIN"):
        """A program's settings for this cluster."""
        return {
            "KAFKA_BROKERS": self.brokers,
            "KAFKA_SECURITY": "sasl_ssl",
            "KAFKA_SASL_MECHANISM": mechanism,
            "KAFKA_USERNAME": user,
            "KAFKA_PASSWORD": self.users[user],
            "KAFKA_CA_FILE": str(self.authority.certificate),
        }


# ---- MongoDB ----


class GuardedMongo(Mongo):
    """Nobody may do anything without a user. All users have the same password."""

    def __init__(self, folder, password):
        self.password = password
        super().__init__(folder)
        self.key_file = self.folder / "keyfile"  # replica set members know each other by it; with it, users are needed
        self.key_file.touch(mode=0o600)
        self.key_file.write_text(password.encode().hex() * 4)
        self._made = False

    def _arguments(self):
        return super()._arguments() + ["--keyFile", self.key_file]

    def start(self):
        super().start()
        if not self._made:
            self._make_admin()

    def _make_admin(self):
        """The first user: possible from this machine only, and as long as there is none."""
        self.client.admin.command("createUser", ADMIN, pwd=self.password, roles=["root"])
        self.client.close()
        self.client = self.connect(ADMIN)
        self._made = True

    def connect(self, user):
        """A client of its own for one of the users."""
        return self._client(username=user, password=self.password)

    def uri(self, database, user=ADMIN, password=None):
        return (
            f"mongodb://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"
            "?replicaSet=rs0&authSource=admin"
        )


class SecureMongo(GuardedMongo):
    """TLS only, too."""

    def __init__(self, folder, authority, password):
        self.authority = authority
        super().__init__(folder, password)
        self.pem = authority.issue("mongod")

    def _client(self, **more):
        return super()._client(tls=True, tlsCAFile=str(self.authority.certificate), **more)

    def _arguments(self):
        return super()._arguments() + [
            "--tlsMode", "requireTLS", "--tlsCertificateKeyFile", self.pem, "--tlsAllowConnectionsWithoutCertificates",
            "--tlsCAFile", self.authority.certificate]  # fmt: skip

    def uri(self, database, user=ADMIN, password=None, ca=None):
        return f"{super().uri(database, user, password)}&tls=true&tlsCAFile={ca or self.authority.certificate}"
