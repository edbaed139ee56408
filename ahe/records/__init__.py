"""Frozen records: what the parts pass to each other and what is written to disk.

Units: seconds, bytes, US dollars, tokens. Times of day are ISO 8601 in UTC.
"""

from ahe.records.changes import (
    Brief,
    Change,
    Citation,
    Cluster,
    DebugReport,
    Evidence,
    EvidenceLevel,
    Signature,
)
from ahe.records.conversation import (
    Kind,
    Limits,
    Message,
    ModelSpec,
    ModelTime,
    Pace,
    Record,
    Reply,
    Request,
    Role,
    Split,
    ToolCall,
    ToolCalls,
    ToolSpec,
    Usage,
)
from ahe.records.gate import (
    Ceiling,
    CommitVerdict,
    Comparison,
    Decision,
    Interval,
    IterationVerdicts,
    Observed,
    PredictionScore,
    RolloutRequest,
    Tally,
    TwoTries,
    Verdict,
    VerdictOutcome,
    slower,
)
from ahe.records.studies import (
    Calibration,
    Copies,
    Cost,
    Estimate,
    Final,
    FinalPlan,
    Needed,
    Part,
    Sensitivity,
    Spread,
)
from ahe.records.trials import (
    FRESH,
    Ended,
    EnvironmentSpec,
    ExecResult,
    Mount,
    Row,
    Task,
    Trial,
    side_by_side_series,
)
