"""Frozen records: what the parts hand to each other and what reaches the disk.

Units: seconds, bytes, US dollars, tokens. Times of day are ISO 8601 in UTC.
"""

from __future__ import annotations

from ahe.records.base import Kind, Record, Role, Split, ToolCalls
from ahe.records.changes import Change, Citation, Interval, Verdict
from ahe.records.environments import EnvironmentSpec, ExecResult, Mount
from ahe.records.evidence import Brief, Cluster, DebugReport, Evidence, EvidenceLevel, Signature
from ahe.records.gate import Ask, Ceiling, Comparison, Decision, Tally
from ahe.records.models import Limits, Message, ModelSpec, Reply, Request, ToolCall, ToolSpec, Usage
from ahe.records.trials import Ended, Task, Trial

__all__ = [
    "Ask",
    "Brief",
    "Ceiling",
    "Change",
    "Citation",
    "Cluster",
    "Comparison",
    "DebugReport",
    "Decision",
    "Ended",
    "EnvironmentSpec",
    "Evidence",
    "EvidenceLevel",
    "ExecResult",
    "Interval",
    "Kind",
    "Limits",
    "Message",
    "ModelSpec",
    "Mount",
    "Record",
    "Reply",
    "Request",
    "Role",
    "Signature",
    "Split",
    "Tally",
    "Task",
    "ToolCall",
    "ToolCalls",
    "ToolSpec",
    "Trial",
    "Usage",
    "Verdict",
]
