"""What routing costs: the rate with it and without it, in turns over the same connection, in one run."""
