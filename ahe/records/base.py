"""What every record is, and the words they share."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

Split = Literal["train", "heldout", "test"]
Role = Literal["coder", "debugger", "evolver"]
ToolCalls = Literal["auto", "native", "text"]


class Record(BaseModel):
    """Base of all records: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """The seven kinds of component, in the order in which people read them."""

    SYSTEM_PROMPT = "system_prompt"
    TOOL_DESCRIPTION = "tool_description"
    TOOL_IMPLEMENTATION = "tool_implementation"
    MIDDLEWARE = "middleware"
    SKILL = "skill"
    SUB_AGENT = "sub_agent"
    MEMORY = "memory"
