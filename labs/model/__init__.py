"""Nouns without behaviour of their own, and the tables of names. Uses nothing else of labs."""
