"""The suite that every `Environment` must pass, including your own. With pytest, in five lines:

    import asyncio
    from ahe.testing import check_environment

    def test_my_environment(tmp_path):
        results = asyncio.run(check_environment(lambda spec: MyEnvironment(spec, tmp_path)))
        assert [str(result) for result in results if not result.ok] == []

An environment may refuse what it cannot offer, such as users other than root, by raising `UnsupportedTask`.
"""

from __future__ import annotations

from ahe.records import Record
from ahe.testing.checks import MakeEnvironment
from ahe.testing.isolation import CHECKS


class CheckResult(Record):
    """One check: `what` is its requirement if it is `ok`, else the failure."""

    name: str
    ok: bool
    what: str

    def __str__(self) -> str:
        return f"{'ok' if self.ok else 'FAILED'}  {self.name}: {self.what}"


async def check_environment(make: MakeEnvironment) -> list[CheckResult]:
    """Run all checks, one after the other, each in its own environments.

    `make` returns an environment for a spec, not started yet. Any exception fails the check.
    """
    results = []
    for check in CHECKS:
        ok, what = True, (check.__doc__ or "").strip()
        try:
            await check(make)
        except Exception as error:
            ok, what = False, f"{type(error).__name__}: {error}"
        results.append(CheckResult(name=check.__name__, ok=ok, what=what))
    return results
