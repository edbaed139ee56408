"""Frozen records: what the parts hand to each other and what reaches the disk.

Units: seconds, bytes, US dollars, tokens. Times of day are ISO 8601 in UTC.
"""

from __future__ import annotations

from ahe.records.base import Kind, Record, Role, Split, ToolCalls
from ahe.records.changes import Change, Citation, Interval, Verdict
from ahe.records.environments import EnvironmentSpec, ExecResult, Mount
from ahe.records.evidence import Brief, Cluster, DebugReport, Evidence, EvidenceLevel, Signature
from ahe.records.gate import Ask, Comparison, Decision, Tally
from ahe.records.models import Limits, Message, ModelSpec, Reply, Request, ToolCall, ToolSpec, Usage
from ahe.records.studies import Calibration, Copies, Cost, Estimate, Needed, Part, Seen, Spread
from ahe.records.trials import Ended, Task, Trial

__all__ = [
    "Ask",
    "Brief",
    "Calibration",
    "Change",
    "Citation",
    "Cluster",
    "Comparison",
    "Copies",
    "Cost",
    "DebugReport",
    "Decision",
    "Ended",
    "EnvironmentSpec",
    "Estimate",
    "Evidence",
    "EvidenceLevel",
    "ExecResult",
    "Interval",
    "Kind",
    "Limits",
    "Message",
    "ModelSpec",
    "Mount",
    "Needed",
    "Part",
    "Record",
    "Reply",
    "Request",
    "Role",
    "Seen",
    "Signature",
    "Split",
    "Spread",
    "Tally",
    "Task",
    "ToolCall",
    "ToolCalls",
    "ToolSpec",
    "Trial",
    "Usage",
    "Verdict",
]
