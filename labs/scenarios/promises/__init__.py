"""The table of promises, the judge, and the experiments on real brokers that attack every row of it.

`table` knows the rows and the experiments, `running` runs them. Nothing is imported here: a worker process of one
experiment must not wait for the clients of the other two brokers.
"""
