"""Asks every worker whether it is there, by Celery's remote control: what Flower and health probes do.

asker.py SETTINGS            the broker's address is in LABS_ADDRESS
"""

import json
import os
import sys

from celery import Celery

app = Celery("shop", broker=os.environ["LABS_ADDRESS"])
app.conf.update(json.loads(sys.argv[1]))
try:
    found = app.control.inspect(timeout=4.0, limit=1).ping()
except Exception as error:  # whatever it is, it is the answer
    print(json.dumps({"what": "error", "words": f"{type(error).__name__}: {error}"}), flush=True)
else:
    print(json.dumps({"what": "pong" if found else "nobody", "words": sorted(found or {})}), flush=True)
