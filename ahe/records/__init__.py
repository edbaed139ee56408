"""Frozen records: what the parts hand to each other and what reaches the disk.

Units: seconds, bytes, US dollars, tokens. Times of day are ISO 8601 in UTC.
"""

from __future__ import annotations

from ahe.records.base import Kind, Record, Role, Split, ToolCalls
from ahe.records.changes import Change, Citation, Interval, Verdict
from ahe.records.environments import EnvironmentSpec, ExecResult, Mount
from ahe.records.evidence import Brief, Cluster, DebugReport, Evidence, EvidenceLevel, Signature
from ahe.records.final import Final, FinalPlan
from ahe.records.gate import Ceiling, Comparison, Decision, RolloutRequest, Tally
from ahe.records.models import Limits, Message, ModelSpec, Reply, Request, ToolCall, ToolSpec, Usage
from ahe.records.observed import Observed, PredictionScore
from ahe.records.studies import Calibration, Copies, Cost, Estimate, Needed, Part, Sensitivity, Spread
from ahe.records.trials import FRESH, Ended, Task, Trial
from ahe.records.verdicts import CommitVerdict, IterationVerdicts

__all__ = [
    "FRESH",
    "Brief",
    "Calibration",
    "Ceiling",
    "Change",
    "Citation",
    "Cluster",
    "CommitVerdict",
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
    "Final",
    "FinalPlan",
    "Interval",
    "IterationVerdicts",
    "Kind",
    "Limits",
    "Message",
    "ModelSpec",
    "Mount",
    "Needed",
    "Observed",
    "Part",
    "PredictionScore",
    "Record",
    "Reply",
    "Request",
    "Role",
    "RolloutRequest",
    "Sensitivity",
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
