"""The environment's variables: which ones we read, and what of them the programs that we start are given.

They are read when they are asked for. Nothing else in `labs` touches os.environ, but for the script that makes the
virtual environment, which runs before there are packages.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

READ = {
    "LABS_HOME": "The folder of all that runs and was measured; without it `.labs` in the project",
    "LABS_CACHE": "The folder of downloads; without it `cache` in LABS_HOME",
    "LABS_RUNS": "The folder of the recorded files that pages show; without it `book/runs`",
    "LABS_MODE": "What panels do: live, recorded, or auto, which is live where the brokers are",
    "LABS_TEACH": "Whether the book is built with the instructors' pages: 1 or 0",
    "LABS_SITE_URL": "The address at which the book is published; without it pages name no address of their own",
    "LABS_REPOSITORY_URL": "The address of its repository; without it pages have no links to edit them or to report",
    "LABS_OFFLINE": "Whether pages link to the archive and the PDF that are put beside them: 1, which `make site` sets",
    "LABS_BACKEND": "How brokers are started where nobody says: native, compose, or auto, which takes what there is",
    "LABS_DEBIAN_SUITE": "The release of Debian whose Redis and RabbitMQ are run: a name, or host for this machine",
    "LABS_DEBIAN_MIRROR": "The address of Debian's archive; without it that of this machine's apt",
    "LABS_PORT_BASE": "The first of the ports of `labs up`; without it a figure from the user and the folder",
    "LABS_HEALTH_INTERVAL": "How often containers are asked whether they are ready",
    "LABS_REDIS_URL": "The address of a Redis of the reader's own",
    "LABS_RABBITMQ_URL": "The address of a RabbitMQ of the reader's own",
    "LABS_KAFKA_URL": "The address of a Kafka of the reader's own",
    "LABS_GIVEN": "Brokers that run beside us in containers: BROKER=HOST:PORT ...",
    "LABS_GIVEN_STREAM": "The port of streams of that RabbitMQ",
    "LABS_LACKING": "Written by `labs lab` for its notebooks: the brokers that it could not start, and why",
}
"""Every one of ours that is read by itself. Logins and TLS files (LABS_REDIS_USER and the like) are read together, with
the address that they belong to, in `labs/stack/external/urls.py`."""


NOW: Mapping[str, str] = os.environ
"""All there are, as they are when somebody looks."""


# Kafka compares names of settings in upper case, and an `i` has two of them in Turkish and Azerbaijani.
LANGUAGE = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
JAVA = ("-Duser.language=en", "-Duser.country=US", "-Duser.timezone=UTC")
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")
_NETWORK = (*_PROXIES, *(name.upper() for name in _PROXIES), "SSL_CERT_FILE", "SSL_CERT_DIR", "APT_CONFIG")


def read(name: str) -> str:
    """The value of one of READ, empty where it is not set."""
    if name not in READ:
        raise KeyError(f"{name} is not among the variables that are read")
    return NOW.get(name, "")


def some(names: Iterable[str]) -> dict[str, str]:
    """Those of `names` that are set."""
    return {name: NOW[name] for name in names if name in NOW}


def without(*beginnings: str) -> dict[str, str]:
    """All but those whose names begin so."""
    return {name: value for name, value in NOW.items() if not name.startswith(beginnings)}


def for_tools() -> dict[str, str]:
    """What a program of another maker is given: enough to run and to reach the network.

    Not the reader's options for Java, Erlang or a vendor's tool, not their library paths, and not their language: a
    program of ours is asked by us alone, and what it says is read by us.
    """
    return some(("PATH", "HOME", *_NETWORK)) | LANGUAGE


def put(values: Mapping[str, str]) -> Callable[[], None]:
    """From now on this process and its children have these, until what is given back is called."""
    before = {name: NOW.get(name) for name in values}
    os.environ.update(values)

    def as_before() -> None:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

    return as_before
