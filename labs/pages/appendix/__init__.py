"""The appendix pages that rest on documents: what the article leaves out, licences and owners, managed services.

`left_out.toml`, `licences.toml` and `managed.toml` hold their entries, each with its sources; `entries` reads them and
writes them as HTML.
"""
