"""Output that is kept up to a limit."""

from __future__ import annotations

SLACK = 1 << 16


class Clip:
    """Keeps the first and the last half of a byte limit of what it is fed, and counts what lies between."""

    def __init__(self, limit: int) -> None:
        self.head_limit = (limit + 1) // 2
        self.tail_limit = limit - self.head_limit
        self.head, self.tail, self.total = bytearray(), bytearray(), 0

    def feed(self, data: bytes) -> None:
        self.total += len(data)
        room = self.head_limit - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        self.tail += data
        if len(self.tail) > self.tail_limit + SLACK:
            del self.tail[: len(self.tail) - self.tail_limit]

    def result(self) -> tuple[bytes, int]:
        """The kept bytes, and how many were omitted in their middle."""
        tail = self.tail[max(0, len(self.tail) - self.tail_limit) :]
        return bytes(self.head + tail), self.total - len(self.head) - len(tail)
