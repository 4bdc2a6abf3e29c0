"""What axe-core finds on a page in a real browser: faults that shut people out."""

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

_RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
      `${id}: ${target.join(" ")}: ${failureSummary.split("\\n").slice(1).join(" ")}`));
}"""


async def serious_faults(page: "Page") -> list[str]:
    """The serious and critical faults of what is shown now, each with its element; none is none."""
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    await page.evaluate(script)
    found: list[str] = await page.evaluate(_RUN)
    return found
