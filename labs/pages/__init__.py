"""The panel: one ES module, live in JupyterLab and replaying on a page."""

from labs.pages.measured import measure, pick
from labs.pages.panel import Panel

__all__ = ["Panel", "measure", "pick"]
