import re

LONGEST = 4000
ERROR = re.compile(r"error|fail|fatal|exception|traceback|not found|denied|undefined", re.IGNORECASE)


class OutputAroundErrors:
    """Shortens long results."""

    async def after_tool(self, ctx, call, result):
        if len(result) <= LONGEST:
            return None
        lines = [line[:300] for line in result.splitlines()]
        keep = set(range(12)) | set(range(max(0, len(lines) - 20), len(lines)))
        budget = 20
        for number, line in enumerate(lines):
            if budget and number not in keep and ERROR.search(line):
                keep |= set(range(max(0, number - 1), min(len(lines), number + 3)))
                budget -= 1
        shown, last = [], -1
        for number in sorted(keep & set(range(len(lines)))):
            if number > last + 1:
                shown.append(f"[{number - last - 1} lines left out]")
            shown.append(lines[number])
            last = number
        return "\n".join(shown)
