"""Renders a harness to the files that another agent reads. What each takes is a table, `<agent>.toml`."""

from ahe.render.plan import Lost, lost
from ahe.render.render import Rendered, check, remove, render
from ahe.render.table import AGENTS, tables, taken

__all__ = ["AGENTS", "Lost", "Rendered", "check", "lost", "remove", "render", "tables", "taken"]
