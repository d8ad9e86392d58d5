"""apt as an ordinary user: with lists, cache and, for another release of Debian, sources of our own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from labs.model import environ
from labs.model.errors import StackError
from labs.model.kernel import die_with_parent
from labs.stack.native.suites import HOST, MIRROR, SUITES, VARIABLE, Suite, public_mirror

SPACE = "Free some space and try again"
IDLE_S = 30
"""An archive that sends nothing for so long has failed; it is asked four times in all."""
MACHINES_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
KEYS = Path(__file__).with_name("debian-archive-keys.asc")
"""What Debian signs its releases with: the keys 12/bookworm (B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8) and 13/trixie
(04B54C3CDCA79751B16BC6B5225629DF75B188BD), for a machine that has none of them, as Ubuntu, or only older ones."""


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
        raise StackError(f"running {command[0]} {command[-1]}", f"{why}.", _cure(done.stderr))
    return done.stdout


def _cure(said: str) -> str:
    """What to do about that which apt or dpkg has said."""
    if "No space left" in said:
        return f"{SPACE}, or set LABS_CACHE to a folder elsewhere."
    if "does not have a Release file" in said:  # the mirror answers, and does not know the suite
        known = ", ".join([*SUITES, HOST])
        return f"Choose another suite in {VARIABLE} ({known}), or in {MIRROR} an archive that has this one."
    if "Hash Sum mismatch" in said or "is not signed" in said:
        return f"What came is not what Debian signed, and was not used. Try again, or name another mirror in {MIRROR}."
    return "Is there a network? Try again, or install the broker: see `labs doctor`."


def get(*arguments: str, options: Sequence[str], folder: Path) -> str:
    """`apt-get` with these options, in that folder, which has its cache as well."""
    # apt as root drops to the user _apt, which cannot write into our folders; the signatures are checked all the same.
    user = ["-o", "APT::Sandbox::User=root"] if os.getuid() == 0 else []
    # Without the error mode, `update` calls a list that it could not fetch a warning.
    careful = ["-oAPT::Update::Error-Mode=any", "-oAcquire::Retries=3"]
    careful += [f"-oAcquire::{way}::Timeout={IDLE_S}" for way in ("http", "https")]
    return run(["apt-get", *user, *careful, "-q", *options, *arguments], folder)


def of_machine(folder: Path, lists: Path | None = None) -> list[str]:
    """The options with which apt sees what this machine's sources have, by its own lists or by those in `lists`."""
    return [f"-oDir::Cache={folder}", *([f"-oDir::State::Lists={lists}"] if lists else [])]


def of_suite(suite: Suite, folder: Path, lists: Path) -> list[str]:
    """The options with which apt sees that suite and nothing of this machine's: its sources and state in `folder`."""
    (folder / "installed").touch()
    (folder / "sources.list").write_text(f"deb {mirror(folder)} {suite.name} main\n")
    (folder / "keys").mkdir(exist_ok=True)
    for keys in (KEYS, MACHINES_KEYS):  # the machine's, too: they are renewed
        if keys.exists():
            shutil.copyfile(keys, folder / "keys" / keys.name)
    paths = {
        "Etc::SourceList": folder / "sources.list",
        "Etc::SourceParts": "/dev/null",
        "Etc::Preferences": "/dev/null",
        "Etc::PreferencesParts": "/dev/null",
        "Etc::Trusted": "/dev/null",
        "Etc::TrustedParts": folder / "keys",
        "State::Lists": lists,
        "State::Status": folder / "installed",
        "Cache": folder,
    }
    # Of all lists only that of the packages: not translations, not what a shop of applications shows.
    only = ["-oAcquire::Languages=none", "-oAcquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"]
    return [*(f"-oDir::{name}={path}" for name, path in paths.items()), *only]


def mirror(folder: Path) -> str:
    """The Debian archive that LABS_DEBIAN_MIRROR names, or that this machine's apt uses, or that python-apt knows."""
    if given := environ.read(MIRROR):
        return given
    asked = run(["apt-get", "update", "--print-uris"], folder)  # it fetches nothing, and needs no list
    found = dict.fromkeys(re.findall(r"^'(\S+/debian)/dists/", asked, re.MULTILINE))
    # Others call their archive for Debian so, too; those of Debian have its name in that of the machine.
    if (
        site := next((one for one in found if "debian" in one.split("/")[2]), "")
        or public_mirror()
        or next(iter(found), "")
    ):
        return site
    raise StackError(
        "looking for a Debian mirror",
        "this machine's apt knows none.",
        f"Name one in {MIRROR}: www.debian.org/mirror/list has them. Or take this machine's own: {VARIABLE}={HOST}.",
    )
