"""Java programs without Maven: the jars named in a list of ours, fetched by jgo, compared with their checksums."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from labs.model.errors import StackError
from labs.model.paths import cache
from labs.stack.state import make_folder

_TRIES = 3
IDLE_S = 30
Report = Callable[[str], None]


@dataclass(frozen=True)
class Jars:
    """A program's complete set of jars; its list has a line `checksum  group:artifact:version` for each."""

    name: str
    version: str
    list: Path

    def folder(self) -> Path:
        """Where the complete set lies once it is fetched; another list is another folder."""
        return cache() / f"{self.name}-{self.version}-{hashlib.sha256(self.list.read_bytes()).hexdigest()[:8]}"

    def get(self, report: Report, path: Path | None = None) -> Path:
        """The folder with every jar, fetched if it is not there. Complete or absent, never half."""
        target = self.folder()
        if target.is_dir():
            return target
        wanted = read_list(path or self.list)
        report(f"{self.name} {self.version}: fetching {len(wanted)} jars, once")
        partial = make_folder(cache()) / f".partial-{self.name}-{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            (partial / "jars").mkdir(parents=True)
            self._fetch_all(wanted, partial, report)
            (partial / "jars").rename(target)
        except OSError as error:
            tried = f"storing the jars of {self.name} in {cache()}"
            raise StackError(tried, f"{error}.", "Free some space and try again.") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return target

    def _fetch_all(self, wanted: dict[str, str], partial: Path, report: Report) -> None:
        with ThreadPoolExecutor(6) as pool:
            jobs = [pool.submit(_fetch, coordinate, partial / "repository") for coordinate in wanted]
            try:
                for number, (job, (coordinate, checksum)) in enumerate(zip(jobs, wanted.items(), strict=True), 1):
                    jar = job.result()
                    check(jar, coordinate, checksum)
                    shutil.move(jar, partial / "jars" / jar.name)
                    if number % 30 == 0:
                        report(f"{self.name} {self.version}: {number} of {len(wanted)} jars")
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


KAFKA = Jars("kafka", "4.4.0", Path(__file__).with_name("kafka-jars.sha256"))
PERF_TEST = Jars("perf-test", "2.22.1", Path(__file__).with_name("perf-test-jars.sha256"))


def read_list(path: Path) -> dict[str, str]:
    """Maven coordinate -> checksum."""
    lines = (line.split() for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {coordinate: checksum for checksum, coordinate in lines}


def _fetch(coordinate: str, repository: Path) -> Path:
    # imported late: it costs a third of a second, and only the first start needs it
    from jgo.maven import MavenContext

    group, artifact, version = coordinate.split(":")
    problem: Exception | None = None
    for _ in range(_TRIES):
        try:
            found: Path = (
                MavenContext(repo_cache=repository, timeout=IDLE_S)
                .project(group, artifact)
                .at_version(version)
                .artifact()
                .resolve()
            )
        except Exception as error:  # jgo raises whatever its HTTP client or itself finds
            problem = error
            (repository / group.replace(".", "/") / artifact / version / f"{artifact}-{version}.jar").unlink(
                missing_ok=True
            )
        else:
            return found
    raise StackError(f"fetching {coordinate}", f"{problem}.", "Check the network and run the same command again.")


def check(jar: Path, coordinate: str, checksum: str) -> None:
    """StackError unless the jar is, byte for byte, the one we know."""
    found = hashlib.sha256(jar.read_bytes()).hexdigest()
    if found != checksum:
        raise StackError(
            f"checking {coordinate}",
            f"its SHA-256 is {found}, the repository says {checksum}. It was not used.",
            "Try again; if it stays so, the download is not the file that was released.",
        )
