"""The panel: one ES module, live in JupyterLab and replaying on a page."""

from labs.widgets.measured import measure, pick
from labs.widgets.panel import Panel

__all__ = ["Panel", "measure", "pick"]
