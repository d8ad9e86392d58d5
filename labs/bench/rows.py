"""All rows, in the order of the table. The goals are those that this project set itself (measuring.md 9)."""

from __future__ import annotations

from labs.bench.article import ARTICLE
from labs.bench.base import Row
from labs.bench.kafka_rows import KAFKA
from labs.bench.rabbitmq_rows import RABBITMQ
from labs.bench.redis_rows import REDIS
from labs.bench.truth_rows import TRUTH

ROWS: tuple[Row, ...] = (*REDIS, *RABBITMQ, *KAFKA, *TRUTH, *ARTICLE)
