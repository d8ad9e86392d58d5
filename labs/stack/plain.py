"""What a program that we start is given of the reader's environment: enough to run and to reach the network.

Not their options for Java, Erlang or a vendor's tool, not their library paths, and not their language: a program of
ours is asked by us alone, and what it says is read by us.
"""

from __future__ import annotations

import os

# Kafka compares names of settings in upper case, and an `i` has two of them in Turkish and Azerbaijani.
LANGUAGE = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
JAVA = ("-Duser.language=en", "-Duser.country=US", "-Duser.timezone=UTC")
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")
_NETWORK = (*_PROXIES, *(name.upper() for name in _PROXIES), "SSL_CERT_FILE", "SSL_CERT_DIR", "APT_CONFIG")


def environ() -> dict[str, str]:
    """The environment for a tool of another maker."""
    return {name: os.environ[name] for name in ("PATH", "HOME", *_NETWORK) if name in os.environ} | LANGUAGE


def for_docker() -> dict[str, str]:
    """The reader's own, by which their engine is reached, without what would make compose read another project."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
