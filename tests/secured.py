"""Brokers that speak TLS and want a login, started natively on loopback with a throwaway authority."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from labs import stack
from labs.brokers.base import Endpoint
from labs.stack.urls import endpoint
from tests.conftest import free_port

SASL_USER, SASL_WORD = "labs", "only-for-a-test"


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
def secured(folder: Path) -> Iterator[dict[str, Secured]]:
    """All three, with certificates for 127.0.0.1 and for no name."""
    ours = authority(folder, "ours")
    authority(folder, "stranger")
    certificate, key = signed(folder, "ours", "server", "IP:127.0.0.1")
    with ExitStack() as running:
        found: dict[str, Secured] = {}
        for broker, start in (("redis", _redis), ("rabbitmq", _rabbitmq), ("kafka", _kafka)):
            url, settings = start(folder, ours, certificate, key)
            arena = running.enter_context(stack.arena(broker, settings=settings, report=lambda _line: None))
            plain = arena.endpoint
            user, word = (SASL_USER, SASL_WORD) if broker == "kafka" else (plain.username, plain.password)
            login = {f"LABS_{broker.upper()}_USER": user, f"LABS_{broker.upper()}_PASSWORD": word}
            found[broker] = Secured(broker, url, plain, login | {"LABS_TLS_CA": str(ours)})
        yield found


def _redis(_folder: Path, ours: Path, certificate: Path, key: Path) -> tuple[str, list[str]]:
    port = free_port()
    settings = ["--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    settings += ["--tls-ca-cert-file", str(ours), "--tls-auth-clients", "no", "--save", ""]
    return f"rediss://127.0.0.1:{port}", settings


def _rabbitmq(_folder: Path, ours: Path, certificate: Path, key: Path) -> tuple[str, list[str]]:
    port, streams = free_port(), free_port()
    files = {"cacertfile": ours, "certfile": certificate, "keyfile": key}
    settings = [f"listeners.ssl.1 = 127.0.0.1:{port}", f"stream.listeners.ssl.1 = 127.0.0.1:{streams}"]
    settings += [f"ssl_options.{name} = {path}" for name, path in files.items()]
    settings += ["ssl_options.verify = verify_none", "ssl_options.fail_if_no_peer_cert = false"]
    return f"amqps://127.0.0.1:{port}/?stream={streams}", settings


def _kafka(folder: Path, _ours: Path, certificate: Path, key: Path) -> tuple[str, list[str]]:
    """One listener in the clear, which is the arena's own, and one with TLS and a login."""
    port, store = free_port(), folder / "server.pem"
    store.write_text(key.read_text() + certificate.read_text())
    listeners = f"HOST://127.0.0.1:$kafka,SAFE://127.0.0.1:{port}"
    module = "org.apache.kafka.common.security"
    login = f'username="{SASL_USER}" password="{SASL_WORD}" user_{SASL_USER}="{SASL_WORD}";'
    settings = [f"listeners={listeners},CONTROLLER://127.0.0.1:$kafka_controller", f"advertised.listeners={listeners}"]
    settings += ["listener.security.protocol.map=HOST:PLAINTEXT,SAFE:SASL_SSL,CONTROLLER:PLAINTEXT"]
    settings += ["ssl.keystore.type=PEM", f"ssl.keystore.location={store}", "listener.name.safe.ssl.client.auth=none"]
    settings += ["sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512"]
    settings += [f"listener.name.safe.plain.sasl.jaas.config={module}.plain.PlainLoginModule required {login}"]
    settings += [f"listener.name.safe.scram-sha-512.sasl.jaas.config={module}.scram.ScramLoginModule required;"]
    return f"kafka+ssl://127.0.0.1:{port}", settings
