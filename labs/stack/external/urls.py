"""Addresses of brokers of the user's: text in, Endpoint out, or one sentence that says what is wrong with it.

    redis://HOST:PORT      rediss:// for TLS          LABS_REDIS_USER, LABS_REDIS_PASSWORD
    amqp://HOST:PORT/VHOST amqps:// for TLS           LABS_RABBITMQ_USER, LABS_RABBITMQ_PASSWORD; ?stream=5551
    HOST:PORT[,HOST:PORT]  kafka+ssl:// for TLS       LABS_KAFKA_USER, LABS_KAFKA_PASSWORD, LABS_KAFKA_SASL

A password never comes in an address: every user of the machine can read a command line. Files for TLS are named by
LABS_TLS_CA, LABS_TLS_CERT and LABS_TLS_KEY.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from labs.model.endpoint import EXAMPLES, GIVEN, Endpoint
from labs.model.environ import NOW

SCHEMES = {
    "redis": {"redis": (False, 6379), "rediss": (True, 6379)},
    "rabbitmq": {"amqp": (False, 5672), "amqps": (True, 5671)},
    "kafka": {"kafka": (False, 0), "kafka+ssl": (True, 0)},
}
"""Broker -> scheme -> (TLS, the port where none is written; Kafka's must be)."""
SASL = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
VHOST_BYTES = 255
"""What a short string of AMQP holds."""


class AddressError(ValueError):
    """An address or a login that cannot be used; the message never repeats a password."""


@dataclass(frozen=True)
class _Reader:
    """One address of one broker, while it is read."""

    broker: str
    text: str

    def wrong(self, what: str) -> AddressError:
        """The error, with an example of what is right."""
        return AddressError(
            f"The address of {self.broker} {what}. For example: --{self.broker} {EXAMPLES[self.broker]}"
        )

    def split(self) -> SplitResult:
        """Its parts. Kafka's may come without a scheme."""
        known = SCHEMES[self.broker]
        if not self.text.strip():
            raise self.wrong("is empty")
        text = self.text if "://" in self.text or self.broker != "kafka" else f"kafka://{self.text}"
        if "://" not in text:
            raise self.wrong(f"must begin with {' or '.join(f'{name}://' for name in known)}")
        scheme, _, rest = text.partition("://")
        if scheme.lower() not in known:
            raise self.wrong(f"begins with {scheme[:20]}://, known are {', '.join(f'{name}://' for name in known)}")
        if any(letter.isspace() or not letter.isprintable() for letter in text):
            raise self.wrong("contains a space or something that cannot be printed")
        if ":" in rest.rpartition("@")[0]:  # wherever the @ is: a password may have a slash in it
            variable = f"LABS_{self.broker.upper()}_PASSWORD"
            raise self.wrong(
                f"contains a password, which others can see in the list of processes: set {variable} instead"
            )
        try:
            found = urlsplit(text)
        except ValueError as error:
            raise self.wrong(f"cannot be read: {error}") from None
        if found.fragment:
            raise self.wrong("has a # in it")
        return found

    def places(self, found: SplitResult, port: int) -> tuple[tuple[str, int], ...]:
        """Every (host, port) that is named; one, except for Kafka."""
        listed = found.netloc.rpartition("@")[2].split(",")
        if len(listed) > 1 and self.broker != "kafka":
            raise self.wrong("names several hosts, one is wanted")
        return tuple(self._place(one, port) for one in listed)

    def _place(self, text: str, port: int) -> tuple[str, int]:
        try:
            one = urlsplit(f"//{text}")
            host, asked = one.hostname, one.port
        except ValueError:
            raise self.wrong("has no usable port: a number from 1 to 65535 is wanted") from None
        if not host:
            raise self.wrong("names no host")
        if asked == 0 or (asked is None and not port):
            raise self.wrong(f"names no port for {host}")
        return host, asked or port

    def vhost(self, found: SplitResult) -> str:
        """RabbitMQ's virtual host; of the others a path makes no sense."""
        path = found.path.removeprefix("/")
        if self.broker == "rabbitmq":
            if len(unquote(path).encode()) > VHOST_BYTES:
                raise self.wrong(f"names a virtual host of more than {VHOST_BYTES} bytes")
            return unquote(path) or "/"
        if self.broker == "redis" and path not in ("", "0"):
            raise self.wrong("names another database than 0, and the labs use that one")
        if self.broker == "kafka" and path:
            raise self.wrong("has a path")
        return "/"

    def stream_port(self, found: SplitResult) -> int:
        """The port for streams in `?stream=`; 0 if there is none."""
        if not found.query:
            return 0
        asked = parse_qs(found.query, keep_blank_values=True)
        if self.broker != "rabbitmq" or set(asked) != {"stream"}:
            raise self.wrong("has a question mark with something we do not know (RabbitMQ's may have ?stream=PORT)")
        text = asked["stream"][-1]
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535):
            raise self.wrong(f"has no usable port in ?stream={text[:20]}")
        return int(text)


def endpoint(broker: str, text: str, env: Mapping[str, str] = NOW) -> Endpoint:
    """The broker at that address, with login and TLS files from the environment. AddressError says what is wrong."""
    reader = _Reader(broker, text)
    found = reader.split()
    secure, port = SCHEMES[broker][found.scheme]
    places = reader.places(found, port)
    user, password = _login(broker, unquote(found.netloc.rpartition("@")[0]), env)
    return Endpoint(
        broker,
        *places[0],
        user,
        password,
        stream_port=reader.stream_port(found),
        backend=GIVEN,
        tls=_files(env) if secure else None,
        vhost=reader.vhost(found),
        servers=places if broker == "kafka" else (),
        sasl=_sasl(env) if broker == "kafka" else "PLAIN",
    )


def _login(broker: str, named: str, env: Mapping[str, str]) -> tuple[str, str]:
    """User and password; the user may stand in the address."""
    names = tuple(f"LABS_{broker.upper()}_{what}" for what in ("USER", "PASSWORD"))
    user, password = named or env.get(names[0], ""), env.get(names[1], "")
    if password and not user and broker != "redis":
        raise AddressError(f"{names[1]} is set and no user is named. Set {names[0]} as well.")
    if user and not password:
        raise AddressError(f"A user is named for {broker} and no password. Set {names[1]}.")
    if broker == "rabbitmq" and not user:
        raise AddressError(f"RabbitMQ wants a login. Set {names[0]} and {names[1]}.")
    return user, password


def _files(env: Mapping[str, str]) -> tuple[str, str, str]:
    """As whole paths: a worker that opens them may have another working folder."""
    named = (env.get(f"LABS_TLS_{what}", "") for what in ("CA", "CERT", "KEY"))
    authority, certificate, key = (str(Path(path).absolute()) if path else "" for path in named)
    if key and not certificate:
        raise AddressError("LABS_TLS_KEY is set and LABS_TLS_CERT is not. Set both.")
    return authority, certificate, key


def _sasl(env: Mapping[str, str]) -> str:
    found = env.get("LABS_KAFKA_SASL", "") or SASL[0]
    if found not in SASL:
        raise AddressError(f"LABS_KAFKA_SASL is {found[:30]!r}. Set one of {', '.join(SASL)}.")
    return found


def _places(found: Endpoint) -> str:
    places = found.servers or ((found.host, found.port),)
    return ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in places)


def shown(found: Endpoint) -> str:
    """The address without the login, as a command line takes it."""
    scheme = next(name for name, (secure, _) in SCHEMES[found.broker].items() if secure == (found.tls is not None))
    path = f"/{quote(found.vhost, safe='')}" if found.vhost != "/" else ""
    return f"{scheme}://{_places(found)}{path}" + (f"?stream={found.stream_port}" if found.stream_port else "")


def client_url(found: Endpoint, *, with_password: bool = False) -> str:
    """The address as clients take it: redis-cli -u URL, pika.URLParameters(URL), librdkafka's bootstrap.servers."""
    if found.broker == "kafka":
        return _places(found)
    scheme = {"redis": "redis", "rabbitmq": "amqp"}.get(found.broker, "tcp") + ("s" if found.tls is not None else "")
    login = quote(found.username, safe="")
    if with_password and found.password:
        login += f":{quote(found.password, safe='')}"
    path = f"/{quote(found.vhost, safe='')}" if found.broker == "rabbitmq" else ""
    return f"{scheme}://{login}{'@' if login else ''}{_places(found)}{path}"
