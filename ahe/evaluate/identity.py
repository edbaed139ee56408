"""What makes two trials the same trial. Same identity: it is read from the store, not run again."""

from __future__ import annotations

import hashlib
import json

from ahe.records import Limits, Record, Task
from ahe.runtime.agent import RUNTIME_VERSION


class Setting(Record):
    """Everything but harness, task and attempt that a trial's outcome may depend on.

    `model` is the model's fingerprint, `mode` how it calls tools, `environment` what
    `Environment.describe` says (kind and sandbox).
    """

    environment: str
    model: str
    mode: str
    limits: Limits


def trial_id(harness: str, task: Task, setting: Setting, attempt: int) -> str:
    """24 hexadecimal digits over harness × task digest × environment × runtime × model × limits × attempt."""
    parts = [
        harness,
        task.name,
        task.digest,
        setting.environment,
        RUNTIME_VERSION,
        setting.model,
        setting.mode,
        setting.limits.model_dump(),
        attempt,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def seed(attempt: int) -> int:
    """Sampling seed of an attempt: far enough apart that the seeds of their turns never meet."""
    return 1 + attempt * 1_000
