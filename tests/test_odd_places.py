"""Odd environments: where something of the reader's machine stands in the way, one line names it and the cure."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from labs.stack.last_words import cause
from labs.stack.processes import Standing, standing, start_of

DEATHS = {
    "java.lang.IllegalArgumentException: No enum constant Group.GroupType.CLASSİC": (
        'Exception in thread "main" java.lang.IllegalArgumentException: No enum constant Group.GroupType.CLASSİC\n'
        "\tat java.base/java.lang.Enum.valueOf(Unknown Source)\n\tat kafka.tools.StorageTool.main(StorageTool.scala)\n"
    ),
    "java.io.IOException: Too many open files": (
        "2026-11-29T18:32:48.342Z main ERROR Exiting Kafka due to fatal exception during startup.\n"
        "org.apache.kafka.common.KafkaException: java.io.IOException: Too many open files\n\tat kafka.A.b(A.scala:1)\n"
        "Caused by: java.io.IOException: Too many open files\n\tat sun.nio.ch.Net.c(Net.java)\n\t... 9 more\n"
        "2026-11-29T18:32:48.612Z kafka-shutdown-hook INFO App info kafka.server for 1 unregistered\n"
    ),
    "epmd error for host localhost: nxdomain (non-existing domain)": (
        "BOOT FAILED\n===========\nERROR: epmd error for host localhost: nxdomain (non-existing domain)\n\n"
        '2026-11-29 18:33:41.759+00:00 [error] <0.132.0>     reason: {epmd_error,"localhost",nxdomain}\n'
        '{"Kernel pid terminated",application_controller,"{application_start_failure,rabbitmq_prelaunch}"}\n'
        "\nCrash dump is being written to: erl_crash.dump...done\n"
    ),
    "Can't handle RDB format version 99 / Fatal error loading the DB: Invalid argument. Exiting.": (
        "1:M 29 Nov 2026 18:33:44.444 # WARNING Memory overcommit must be enabled! Without it, a save may fail.\n"
        "1:M 29 Nov 2026 18:33:44.444 # Can't handle RDB format version 99\n"
        "1:M 29 Nov 2026 18:33:44.444 # Fatal error loading the DB: Invalid argument. Exiting.\n"
    ),
    ">>> 'save x' / Bad directive or wrong number of arguments": (
        "redis-1  | *** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n"
        "redis-1  | Reading the configuration file, at line 2\n"
        "redis-1  | >>> 'save x'\nredis-1  | Bad directive or wrong number of arguments\n"
    ),
    "[Errno 98] Address already in use": (
        'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n'
        "OSError: [Errno 98] Address already in use\n"
    ),
    "the only line there is": "the only line there is\n\n",
    "none": "\n",
}


@pytest.mark.parametrize("why", DEATHS)
def test_of_a_dead_brokers_log_the_line_that_says_why_is_told(why: str) -> None:
    assert cause(DEATHS[why]).removeprefix("OSError: ") == why


def test_a_process_of_another_user_is_not_taken_for_one_that_is_gone() -> None:
    asked = (
        "import sys\nfrom labs.stack.processes import standing\nprint(standing(int(sys.argv[1]), float(sys.argv[2])))"
    )
    one = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        start = start_of(one.pid)
        assert standing(one.pid, start) is Standing.OURS
        assert standing(one.pid, start - 1) is Standing.GONE
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-c", asked]
            seen = subprocess.run([*command, str(one.pid), str(start)], capture_output=True, text=True, check=True)
            assert seen.stdout.strip() == "another user's"
        else:
            assert standing(1, start_of(1)) is Standing.ANOTHERS
    finally:
        one.kill()
        one.wait()
    assert standing(one.pid, start) is Standing.GONE
