"""What a reader sees: the panel, live in JupyterLab and replaying on a page, and all that the book is built from.

Uses model, judge, show and experiments.
"""

from labs.pages.measured import measure, pick
from labs.pages.panel import Panel

__all__ = ["Panel", "measure", "pick"]
