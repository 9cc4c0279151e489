"""Opens a session and hands out one job a second in it; says on JOBS_PORT how far it is.

The session is what ties the worker to this very process: a new scheduler opens a new one, and a worker of the old one
would wait for jobs that nobody hands out any more.
"""

import http.server
import json
import os
import signal
import sys
import threading
import time

import resp

CONNECT_SECONDS = 10.0
QUEUED_MAX = 100


def connect():
    """Waits for the cache, at most CONNECT_SECONDS."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            return resp.Redis()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def serve_status(status):
    """Answers every GET with `status` as JSON; being there at all means that the session is open."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = (json.dumps(status) + "\n").encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Silent: who asks is of no interest."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("JOBS_PORT", "8095"))), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        redis = connect()
        session = redis.command("INCR", "jobs:sessions")
        redis.command("SET", "jobs:session", session)
        status = {"session": session, "handed_out": 0}
        serve_status(status)
        print(f"session {session} is open", flush=True)
        while True:
            if redis.command("LLEN", f"jobs:{session}") < QUEUED_MAX:
                status["handed_out"] += 1
                redis.command("RPUSH", f"jobs:{session}", status["handed_out"])
            time.sleep(1)
    except OSError as error:
        print(f"scheduler: {error}", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
