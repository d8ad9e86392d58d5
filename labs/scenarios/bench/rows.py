"""All rows, in the order of the table. The goals are those that this project set itself (measuring.md 9)."""

from __future__ import annotations

from labs.scenarios.bench.article import ARTICLE
from labs.scenarios.bench.base import Row
from labs.scenarios.bench.kafka_rows import KAFKA
from labs.scenarios.bench.rabbitmq_rows import RABBITMQ
from labs.scenarios.bench.redis_rows import REDIS
from labs.scenarios.bench.truth_rows import TRUTH

ROWS: tuple[Row, ...] = (*REDIS, *RABBITMQ, *KAFKA, *TRUTH, *ARTICLE)
