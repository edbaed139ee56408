"""What stands by a person's decision and was measured before: its numbers are noted, and nothing more is run."""

from __future__ import annotations

from ahe.gate.coverage import posterior_or_request, verdict
from ahe.records import Comparison, Decision


class NotedGate:
    """Keeps, and asks for nothing beyond the plain rollouts: more of them could decide nothing.

    For a person's own commits that lead to a known harness, as `git revert` by hand does.
    """

    name = "noted"

    def decide(self, comparison: Comparison) -> Decision:
        """Kept, with the posterior of the rollouts at hand; undecided where too many are missing."""
        found = posterior_or_request(comparison)
        if isinstance(found, Decision):
            return found
        return verdict(found, "kept", f"a person's commit, measured before (P = {found.above():.2f})")
