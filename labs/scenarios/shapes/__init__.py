"""Delivery shapes: who gets a message when several consumers are there, in groups and without.

The same messages go to the same number of consumers in each shape. A message has a key, as an order has several events.
Who did which message, and in which order, is written down by the consumers; nothing is killed here.
"""
