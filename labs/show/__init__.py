"""A digest in, words and shapes and figures out; the only user of plotly. Uses model and judge."""
