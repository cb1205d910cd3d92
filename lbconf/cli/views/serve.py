"""What `serve` prints when it begins."""

from lbconf.cli.output import paint
from lbconf.operations.serve import Address
from lbconf.project.resolved import Project

__all__ = ["render_address"]


def render_address(project: Project, address: Address, workers: int, *, color: bool) -> str:
    """The URLs to open, one on a line; and how many of the models that `validate` counts have endpoints."""
    public = sum(1 for model in project.models.values() if model.public and model.data_source)
    known = len(project.models)
    counted = f"{public} {'model' if public == 1 else 'models'}" if public == known else f"{public} of {known} models"
    lines = [
        f"Serving {paint(project.environment, 'bold', color=color)}: {counted}"
        + (f", {workers} workers" if workers > 1 else ""),
        f"  API       {address.url}{address.root.rstrip('/') or '/'}",
    ]
    if address.explorer:
        lines.append(f"  Explorer  {address.url}{address.explorer}")
    lines.append(f"  OpenAPI   {address.url}/openapi.json")
    lines.append(f"  Health    {address.url}/healthz  {address.url}/readyz")
    lines.append("Press Ctrl-C to stop.")
    return "\n".join(lines)
