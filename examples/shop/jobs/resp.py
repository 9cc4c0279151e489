"""The few words of Redis' protocol (RESP) that the jobs need, over a plain socket."""

import os
import socket

REPLY_MAX = 1 << 20  # bytes of one bulk string
DEPTH_MAX = 4  # arrays within arrays


class Redis:
    """A connection. Every method raises OSError when the cache went away."""

    def __init__(self, timeout=10.0):
        """Connects to REDIS_PORT on loopback; `timeout` (seconds) bounds every wait for an answer."""
        port = int(os.environ.get("REDIS_PORT", "6390"))
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._reader = self._socket.makefile("rb")

    def command(self, *words):
        """Sends a command, e.g. command("LPUSH", "jobs", "1"), and returns str, int, list or None."""
        parts = [str(word).encode() for word in words]
        head = b"*%d\r\n" % len(parts)
        self._socket.sendall(head + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return self._reply(DEPTH_MAX)

    def _line(self):
        line = self._reader.readline(4096)
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the cache closed the connection")
        return line[:-2].decode()

    def _reply(self, depth):
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == "+":
            return rest
        if kind == ":":
            return int(rest)
        if kind == "$" and -1 <= int(rest) <= REPLY_MAX:
            return self._bulk(int(rest))
        if kind == "*" and depth > 0:
            return None if int(rest) < 0 else [self._reply(depth - 1) for _ in range(int(rest))]
        raise ConnectionError(f"the cache said: {line}")

    def _bulk(self, size):
        if size < 0:
            return None
        data = self._reader.read(size + 2)
        if len(data) < size + 2:
            raise ConnectionError("the cache closed the connection")
        return data[:-2].decode()
