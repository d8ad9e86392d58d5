"""Put what is said about message brokers to the test, on real brokers."""

import sys

__version__ = "0.1.0"

if sys.flags.optimize:
    _WHY = (
        "Python was started with -O or PYTHONOPTIMIZE, which takes checks out of labs and work out of kafka-python. "
        "Start it without."
    )
    if sys.argv[:1] == ["-m"] or (sys.argv[:1] and sys.argv[0].rpartition("/")[2] == "labs"):
        sys.exit(f"labs: {_WHY}")  # our own command line: one line
    raise ImportError(_WHY)
