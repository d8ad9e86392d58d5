"""Workers on other machines, by a Dask cluster."""
