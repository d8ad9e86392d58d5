"""Calls from one service to another, and what carries them: who waits, for how long, and what a caller is told.

A carrier that asks brings the answer back, and the caller waits for it. A carrier that tells hands the message over and
is back at once, or when the broker has confirmed it. The service is a process of its own and so are the callers.
"""

from __future__ import annotations
