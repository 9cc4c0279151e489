"""Takes the jobs of the open session, one after the other. Ends with 1 when the cache goes away."""

import signal
import sys

import resp

WAIT_SECONDS = 5


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        redis = resp.Redis(timeout=WAIT_SECONDS + 5.0)
        session = redis.command("GET", "jobs:session")
        if session is None:
            print("worker: no scheduler has opened a session", file=sys.stderr, flush=True)
            return 1
        print(f"working for session {session}", flush=True)
        while True:
            job = redis.command("BLPOP", f"jobs:{session}", WAIT_SECONDS)
            if job is not None:
                redis.command("INCR", "jobs:done")
                print(f"job {session}.{job[1]} is done", flush=True)
    except OSError as error:
        print(f"worker: {error}", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
