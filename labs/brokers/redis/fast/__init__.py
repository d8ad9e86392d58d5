"""RESP by hand: commands that are built once and stamped in place."""
