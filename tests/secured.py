"""Brokers that speak TLS and want a login, started natively on loopback with a throwaway authority."""

from __future__ import annotations

import base64
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from labs import stack
from labs.model.endpoint import Endpoint
from labs.stack.external.urls import endpoint
from tests.conftest import free_port

BROKERS = ("redis", "rabbitmq", "kafka")
LANES = (
    "idiomatic:redis-pubsub",
    "idiomatic:redis-list-none",
    "idiomatic:rabbitmq-confirms",
    "idiomatic:kafka-acks-all",
    "fast:redis-stream-none",
    "fast:rabbitmq-confirms",
    "fast:rabbitmq-stream",
    "fast:kafka-acks-all",
)
"""What a login and TLS are tried with."""
SASL_USER, SASL_WORD = "labs", "only-for-a-test"
VHOST = "sales/north"
"""With a slash in it, which an address has to write as %2F."""


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def authority(folder: Path, name: str) -> Path:
    """A throwaway authority: the path of its certificate; its key lies beside it."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    _openssl(folder, *new, "-subj", f"/CN=labs {name}", "-keyout", str(key), "-out", str(certificate))
    return certificate


def signed(folder: Path, by: str, name: str, alternative: str) -> tuple[Path, Path]:
    """A certificate and its key, signed by that authority, for one name or address."""
    paths = {what: str(folder / f"{name}.{what}") for what in ("key", "csr", "crt", "ext")}
    Path(paths["ext"]).write_text(f"subjectAltName={alternative}\n")
    new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"]
    _openssl(folder, *new, "-keyout", paths["key"], "-out", paths["csr"])
    sign = ["x509", "-req", "-in", paths["csr"], "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial"]
    _openssl(folder, *sign, "-days", "2", "-extfile", paths["ext"], "-out", paths["crt"])
    return Path(paths["crt"]), Path(paths["key"])


@dataclass(frozen=True)
class Secured:
    """Where a broker is in TLS, where in the clear, and the variables that open it."""

    broker: str
    url: str
    plain: Endpoint
    env: dict[str, str]

    def endpoint(self, url: str = "", **more: str) -> Endpoint:
        """The broker as a user names it, with other variables if given."""
        return endpoint(self.broker, url or self.url, self.env | more)


@contextmanager
def secured(folder: Path, brokers: Sequence[str] = BROKERS) -> Iterator[dict[str, Secured]]:
    """All three or some, with certificates for 127.0.0.1 and for no name."""
    with _running(folder, brokers, mutual=False) as found:
        yield found


@contextmanager
def mutual(folder: Path) -> Iterator[dict[str, Secured]]:
    """All three once more, which let nobody in without a certificate of `ours`: Redis and RabbitMQ (in the virtual host
    VHOST) ask for a login besides, of Kafka's two servers the first is down. `impostor` is signed by a stranger."""
    with _running(folder, BROKERS, mutual=True) as found:
        here = found["rabbitmq"].plain
        where = f"http://{here.host}:{here.admin_port}/api/vhosts/{urllib.parse.quote(VHOST, safe='')}"
        login = base64.b64encode(f"{here.username}:{here.password}".encode()).decode()
        request = urllib.request.Request(where, method="PUT", headers={"Authorization": f"Basic {login}"})
        urllib.request.urlopen(request, timeout=30).close()
        yield found


@contextmanager
def _running(folder: Path, brokers: Sequence[str], *, mutual: bool) -> Iterator[dict[str, Secured]]:
    ours = authority(folder, "ours")
    authority(folder, "stranger")
    certificate, key = signed(folder, "ours", "server", "IP:127.0.0.1")
    own, own_key = signed(folder, "ours", "client", "IP:127.0.0.1")
    signed(folder, "stranger", "impostor", "IP:127.0.0.1")
    mine = {"LABS_TLS_CERT": str(own), "LABS_TLS_KEY": str(own_key)} if mutual else {}
    with ExitStack() as running:
        found: dict[str, Secured] = {}
        starts = {"redis": _redis, "rabbitmq": _rabbitmq, "kafka": _kafka}
        for broker in brokers:
            url, settings = starts[broker](folder, ours, certificate, key, mutual=mutual)
            arena = running.enter_context(stack.arena(broker, settings=settings, report=lambda _line: None))
            plain = arena.endpoint
            user, word = (SASL_USER, SASL_WORD) if broker == "kafka" else (plain.username, plain.password)
            login = {f"LABS_{broker.upper()}_USER": user, f"LABS_{broker.upper()}_PASSWORD": word}
            login = {} if mutual and broker == "kafka" else login
            found[broker] = Secured(broker, url, plain, login | mine | {"LABS_TLS_CA": str(ours)})
        yield found


def _redis(_folder: Path, ours: Path, certificate: Path, key: Path, *, mutual: bool) -> tuple[str, list[str]]:
    port = free_port()
    settings = ["--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    settings += ["--tls-ca-cert-file", str(ours), "--tls-auth-clients", "yes" if mutual else "no", "--save", ""]
    return f"rediss://127.0.0.1:{port}", settings


def _rabbitmq(_folder: Path, ours: Path, certificate: Path, key: Path, *, mutual: bool) -> tuple[str, list[str]]:
    port, streams = free_port(), free_port()
    files = {"cacertfile": ours, "certfile": certificate, "keyfile": key}
    settings = [f"listeners.ssl.1 = 127.0.0.1:{port}", f"stream.listeners.ssl.1 = 127.0.0.1:{streams}"]
    settings += [f"ssl_options.{name} = {path}" for name, path in files.items()]
    settings += [f"ssl_options.verify = verify_{'peer' if mutual else 'none'}"]
    settings += [f"ssl_options.fail_if_no_peer_cert = {str(mutual).lower()}"]
    vhost = urllib.parse.quote(VHOST, safe="") if mutual else ""
    return f"amqps://127.0.0.1:{port}/{vhost}?stream={streams}", settings


def _kafka(folder: Path, ours: Path, certificate: Path, key: Path, *, mutual: bool) -> tuple[str, list[str]]:
    """One listener in the clear, which is the arena's own, and one with TLS and a login, or our certificate for one."""
    port, store = free_port(), folder / "server.pem"
    store.write_text(key.read_text() + certificate.read_text())
    listeners = f"HOST://127.0.0.1:$kafka,SAFE://127.0.0.1:{port}"
    module = "org.apache.kafka.common.security"
    login = f'username="{SASL_USER}" password="{SASL_WORD}" user_{SASL_USER}="{SASL_WORD}";'
    kind, asked = ("SSL", "required") if mutual else ("SASL_SSL", "none")
    settings = [f"listeners={listeners},CONTROLLER://127.0.0.1:$kafka_controller", f"advertised.listeners={listeners}"]
    settings += [f"listener.security.protocol.map=HOST:PLAINTEXT,SAFE:{kind},CONTROLLER:PLAINTEXT"]
    settings += ["ssl.keystore.type=PEM", f"ssl.keystore.location={store}"]
    settings += ["ssl.truststore.type=PEM", f"ssl.truststore.location={ours}"]
    settings += [f"listener.name.safe.ssl.client.auth={asked}"]
    if mutual:
        return f"kafka+ssl://127.0.0.1:{free_port()},127.0.0.1:{port}", settings
    settings += ["sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512"]
    settings += [f"listener.name.safe.plain.sasl.jaas.config={module}.plain.PlainLoginModule required {login}"]
    settings += [f"listener.name.safe.scram-sha-512.sasl.jaas.config={module}.scram.ScramLoginModule required;"]
    return f"kafka+ssl://127.0.0.1:{port}", settings
