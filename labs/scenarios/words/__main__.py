"""`python -m labs.scenarios.words redis`: every proof of that broker's words, on the server that runs or on one that is
started for it. A proof that fails ends it with its line."""

from __future__ import annotations

import sys

from labs import stack
from labs.model.endpoint import Endpoint, RefusedError
from labs.model.errors import StackError
from labs.model.profile import UnknownNameError
from labs.scenarios.words import Proof, prove, words_of


def main(given: list[str]) -> int:
    """0 if every proof that could be run was right, 1 if no broker can be had, 2 if there is none of that name."""
    broker = given[0] if given else ""
    try:
        words = words_of(broker)
        with stack.session((broker,), report=lambda _line: None) as found:
            for proof in words.PROOFS:
                print(f"{proof.__name__.strip('_').replace('_', ' ')}: {_told(found[broker], proof)}", flush=True)
    except (UnknownNameError, StackError) as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, UnknownNameError) else 1
    return 0


def _told(endpoint: Endpoint, proof: Proof) -> str:
    try:
        prove(endpoint, proof)
    except RefusedError as error:
        return f"not run. {error}"
    return "as the book says"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
