"""`make test`: run pytest with what this machine has, and name what it has not."""

import sys

import pytest

sys.exit(pytest.main(["-q", *sys.argv[1:]]))
