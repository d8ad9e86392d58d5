"""RabbitMQ: client, admin, and its queues; fast/ has the same without a library, and streams."""
