"""Rows of integers on a board of workers: they outlive the worker that wrote them.

A row is written first and counted afterwards, so a worker that is killed while writing leaves no half row. Only one
worker writes at a time: the second one starts when the first is proven dead, or has rows of its own.
"""

from __future__ import annotations

import numpy as np

from labs.model.run import Column
from labs.record.processes import Board


class SharedRows:
    """Rows of `width` integers behind the cell `count` of the board, which counts them."""

    def __init__(self, board: Board, count: int, width: int, end: int = 0) -> None:
        """`end` is the cell behind the last that these rows may take, where others stand there."""
        self.board, self._count, self._width = board, count, width
        self._end = end or len(board)

    def add(self, *row: int) -> None:
        """Write a row. IndexError when the board is full: what is not written down must not be done."""
        count = self.board[self._count]
        at = self._count + 1 + count * self._width
        if at + self._width > self._end:
            raise IndexError(f"the board has room for {count:,} rows")
        self.board[at : at + self._width] = list(row)
        self.board[self._count] = count + 1

    def rows(self) -> Column:
        """All rows so far, shape (rows, width)."""
        first, count = self._count + 1, self.board[self._count]
        cells = self.board[first : first + count * self._width]
        return np.array(cells, np.int64).reshape(count, self._width)
