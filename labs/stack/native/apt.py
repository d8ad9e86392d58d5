"""apt as an ordinary user: with lists, cache and, for another release of Debian, sources of our own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from labs.model import environ
from labs.model.errors import StackError
from labs.model.kernel import die_with_parent
from labs.stack.native.suites import HOST, MIRROR, VARIABLE, Suite

HERE = Path("/")
KEYRING = "usr/share/keyrings/debian-archive-keyring.gpg"
_OTHERWISE = f"Or take what this machine's own apt has: {VARIABLE}={HOST}."


def run(command: Sequence[str], folder: Path) -> str:
    """What one of the programs of apt and dpkg prints. StackError has the line that says why it failed."""
    done = subprocess.run(
        list(command),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=environ.for_tools(),
        preexec_fn=die_with_parent,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        why = next((line for line in lines if line.startswith("E: ")), lines[-1])
        first = "Free some space and try again" if "No space left" in done.stderr else "Is there a network? Try again"
        to_do = f"{first}, or install the broker: see `labs doctor`."
        raise StackError(f"running {command[0]} {command[-1]}", f"{why}.", to_do)
    return done.stdout


def get(*arguments: str, options: Sequence[str], folder: Path) -> str:
    """`apt-get` with these options, in that folder, which has its cache as well."""
    # apt as root drops to the user _apt, which cannot write into our folders; the signatures are checked all the same.
    user = ["-o", "APT::Sandbox::User=root"] if os.getuid() == 0 else []
    # Without the error mode, `update` calls a list that it could not fetch a warning.
    careful = ["-oAPT::Update::Error-Mode=any", "-oAcquire::Retries=3"]
    careful += ["-oAcquire::http::Timeout=30", "-oAcquire::https::Timeout=30"]
    return run(["apt-get", *user, *careful, "-q", *options, *arguments], folder)


def of_machine(folder: Path, lists: Path | None = None) -> list[str]:
    """The options with which apt sees what this machine's sources have, by its own lists or by those in `lists`."""
    return [f"-oDir::Cache={folder}", *([f"-oDir::State::Lists={lists}"] if lists else [])]


def of_suite(suite: Suite, folder: Path, lists: Path) -> list[str]:
    """The options with which apt sees that suite and nothing of this machine's: its sources and state in `folder`."""
    (folder / "installed").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={_keyring(folder)}] {_mirror(folder)} {suite.name} main\n")
    paths = {
        "Etc::SourceList": folder / "sources.list",
        "Etc::SourceParts": "/dev/null",
        "Etc::Preferences": "/dev/null",
        "Etc::PreferencesParts": "/dev/null",
        "State::Lists": lists,
        "State::Status": folder / "installed",
        "Cache": folder,
    }
    # Of all lists only that of the packages: not translations, not what a shop of applications shows.
    only = ["-oAcquire::Languages=none", "-oAcquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"]
    return [*(f"-oDir::{name}={path}" for name, path in paths.items()), *only]


def _mirror(folder: Path) -> str:
    """The Debian mirror that this machine's apt uses, or the one that LABS_DEBIAN_MIRROR names."""
    if given := environ.read(MIRROR):
        return given
    sites = run(["apt-get", "indextargets", "--format", "$(SITE)"], folder).splitlines()
    for site in sites:
        if site.rstrip("/").endswith("/debian"):
            return site
    raise StackError(
        "looking for a Debian mirror", "this machine's apt knows none.", f"Name one in {MIRROR}. {_OTHERWISE}"
    )


def _keyring(folder: Path) -> Path:
    """Debian's keys: this machine's, or else those in the package that its own, signed, archive has."""
    here = HERE / KEYRING
    if here.exists():
        return here
    try:
        get("download", "debian-archive-keyring", options=[], folder=folder / "packages")
        [package] = (folder / "packages").glob("debian-archive-keyring_*.deb")
        run(["dpkg", "-x", str(package), str(folder / "keys")], folder)
        package.unlink()
    except (StackError, ValueError) as error:
        raise StackError(
            "looking for the keys of Debian's archive",
            f"they are not in {here.parent} and not to be had: {error}",
            f"Run: sudo apt install debian-archive-keyring. {_OTHERWISE}",
        ) from error
    return folder / "keys" / KEYRING
