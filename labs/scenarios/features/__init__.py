"""What a queue of the running RabbitMQ can do with a message that is late, urgent or bad: eight trials on each kind.

`trials` does and looks, `judge` says what follows from what was seen.
"""
