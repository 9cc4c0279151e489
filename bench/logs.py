#!/usr/bin/env python3
"""What it costs to bring lines of 200 bytes, one write each, from services to files.

    bench/logs.py [PROGRAMS]                default: build/release/bin
    bench/logs.py PROGRAMS once LINES       LINES numbered lines through rotation, compression and kills of alderd
    bench/logs.py PROGRAMS full             a file system that is full for a while
    bench/logs.py PROGRAMS followers COUNT  so many followers of one service over the API, who read as fast as they can

Beside Alder, in the same run and in turn: `cat > file` and whatever is installed of svlogd, s6-log, multilog and
supervisord. Throughput is that of all writers together, from the start of the first to the last line in its file; CPU
is that of whoever reads the pipes, for each GB. Latency is from the write to the file's growth, one line at a time.
"""

import asyncio
import glob
import gzip
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/bin").resolve()
os.environ["ALDER_BIN_DIR"] = str(PROGRAMS)
sys.path.insert(0, str(ROOT / "tests/e2e"))

import alder  # noqa: E402: it reads the variable

WRITER = PROGRAMS / "bench_line_writer"
TOTAL = 2_000_000  # lines, over all writers
LENGTH = 200
TICK = os.sysconf("SC_CLK_TCK")

PIPES = {  # reads its standard input and writes to a directory
    "cat": lambda where: ["sh", "-c", f"exec cat > {where}/current"],
    "svlogd": lambda where: ["svlogd", where],
    "s6-log": lambda where: ["s6-log", "s1000000000", where],
    "multilog": lambda where: ["multilog", "s16777215", "n1000", where],
}


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def wait_for(what, condition, deadline=600):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain until {what}")
        time.sleep(0.005)


def through_pipes(command, writers, top):
    """(seconds, CPU seconds of the readers)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    spoken, readers = [], []
    start = time.monotonic()
    for number in range(writers):
        where = f"{top}/{number}"
        os.mkdir(where)
        read, write = os.pipe()
        readers.append(subprocess.Popen(command(where), stdin=read, stderr=subprocess.DEVNULL))
        spoken.append(subprocess.Popen([WRITER, str(TOTAL // writers)], stdout=write))
        os.close(read)
        os.close(write)
    own = 0.0
    for writer in spoken:
        _, _, usage = os.wait4(writer.pid, 0)
        writer.returncode = 0
        own += usage.ru_utime + usage.ru_stime
    for reader in readers:
        reader.wait()
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - own


def size_of(paths):
    return sum(os.path.getsize(path) for path in paths if os.path.exists(path))


def through_alder(writers, rules):
    home = alder.Home()
    try:
        children = "".join(f"  - {{ service: w{n}, command: [{WRITER}, '{TOTAL // writers}'], restart: temporary }}\n"
                           for n in range(writers))
        file = home.write("alder.yaml", f"name: t\nlog: {rules}\nchildren:\n{children}")
        home.alder("daemon", "start")
        info = home.info()
        pids = [info["pid"], info["keeper_pid"]]
        before = sum(map(cpu_of, pids))
        files = [home.path / f"log/t/w{n}.out.log" for n in range(writers)]
        start = time.monotonic()
        home.alder("up", file, timeout=600)
        wait_for("all is written", lambda: size_of(files) >= TOTAL // writers * writers * LENGTH)
        return time.monotonic() - start, sum(map(cpu_of, pids)) - before
    finally:
        home.close()


def through_supervisord(writers, top):
    programs = "".join(f"[program:w{n}]\ncommand={WRITER} {TOTAL // writers}\nautorestart=false\nstartsecs=0\n"
                       f"stdout_logfile={top}/w{n}.log\nstdout_logfile_maxbytes=0\n" for n in range(writers))
    config = pathlib.Path(top) / "supervisord.conf"
    config.write_text(f"[supervisord]\nnodaemon=true\nlogfile={top}/s.log\npidfile={top}/s.pid\n{programs}")
    start = time.monotonic()
    daemon = subprocess.Popen(["supervisord", "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for("all is written", lambda: size_of(f"{top}/w{n}.log" for n in range(writers))
                 >= TOTAL // writers * writers * LENGTH)
        return time.monotonic() - start, cpu_of(daemon.pid)
    finally:
        daemon.terminate()
        daemon.wait()


def latency_of(path, start, count=300):
    """Microseconds from write to growth, p50 and p99; the line says when it was written."""
    start()
    found, seen = [], 0
    wait_for("there is a file", path.exists)
    with open(path, "rb") as file:
        while len(found) < count:
            line = file.readline()
            if len(line) < LENGTH:
                file.seek(seen)
                continue
            seen += LENGTH
            found.append((time.monotonic_ns() - int(line.split()[1])) / 1000)
    found.sort()
    return found[len(found) // 2], found[len(found) * 99 // 100]


def latencies():
    with tempfile.TemporaryDirectory(dir="/tmp") as top:
        path = pathlib.Path(top) / "current"
        started = []

        def start():
            reader = subprocess.Popen(["sh", "-c", f"exec cat > {path}"], stdin=subprocess.PIPE)
            started.append(subprocess.Popen([WRITER, "300", "5000"], stdout=reader.stdin))
        yield "cat", latency_of(path, start)
        for one in started:
            one.wait()
    home = alder.Home()
    try:
        file = home.write("alder.yaml", f"name: t\nchildren:\n  - {{ service: w, command: [{WRITER}, '300', '5000'], "
                                        "restart: temporary }\n")
        yield "alder", latency_of(home.path / "log/t/w.out.log", lambda: home.alder("up", file))
    finally:
        home.close()


def compare():
    print(f"{TOTAL} lines of {LENGTH} bytes; MB/s, CPU s/GB")
    for writers in (1, 10, 100):
        rows = {}
        for name, command in PIPES.items():
            if name != "cat" and shutil.which(name) is None:
                continue
            with tempfile.TemporaryDirectory(dir="/tmp") as top:
                rows[name] = through_pipes(command, writers, top)
        if shutil.which("supervisord"):
            with tempfile.TemporaryDirectory(dir="/tmp") as top:
                rows["supervisord"] = through_supervisord(writers, top)
        rows["alder raw"] = through_alder(writers, "{ max_size: 0 }")
        rows["alder time"] = through_alder(writers, "{ max_size: 0, format: time }")
        for name, (seconds, cpu) in rows.items():
            gigabytes = TOTAL * LENGTH / 1e9
            print(f"{writers:4} writers  {name:22} {gigabytes * 1000 / seconds:7.0f} {cpu / gigabytes:6.2f}", flush=True)
    for name, (p50, p99) in latencies():
        print(f"latency {name}: p50 {p50:.0f} us, p99 {p99:.0f} us", flush=True)


def once(lines):
    """Every line exactly once, through files of 16M, compression, and a kill of alderd every second or so."""
    home = alder.Home()
    try:
        file = home.write("alder.yaml", "name: t\nlog: { max_size: 16M, max_files: 100000 }\nchildren:\n"
                                        f"  - {{ service: w, command: [{WRITER}, '{lines}'], restart: temporary }}\n")
        home.up(file.read_text())
        live = str(home.path / "log/t/w.out.log")
        kills, start = 0, time.monotonic()
        while home.states().get("w") == "running":
            time.sleep(random.uniform(0.1, 1.5))
            pid = home.info()["pid"]
            os.kill(pid, signal.SIGKILL)
            kills += 1
            home.daemon_kills += 1
            home.wait_for_successor(pid)
        seconds = time.monotonic() - start
        wait_for("the last line is there", lambda: os.path.exists(live))
        time.sleep(2)
        archives = {}
        for path in glob.glob(live + ".2*"):
            if ".idx" not in path and not path.endswith(".tmp"):  # of a compression that a kill cut short
                archives.setdefault(path.removesuffix(".gz"), path)
        number = 0
        packed = 0
        for _, path in sorted(archives.items()) + [("", live)]:
            packed += path.endswith(".gz")
            with (gzip.open if path.endswith(".gz") else open)(path, "rb") as text:
                for line in text:
                    if len(line) != LENGTH or int(line[:10]) != number:
                        raise SystemExit(f"line {number}: found {line[:40]!r} in {path}")
                    number += 1
        print(f"{number} of {lines} lines, each once, in {len(archives) + 1} files ({packed} compressed), "
              f"{kills} kills, {seconds:.0f} s")
        if number != lines:
            raise SystemExit("lines are missing at the end")
    finally:
        home.close()


def full():
    """A tmpfs of 8 MB: full, and then not; with each of the policies. Needs root."""
    for pressure in ("block", "drop_newest"):
        home = alder.Home()
        where = home.top / "small"
        where.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", where], check=True)
        try:
            (where / "ballast").write_bytes(b"x" * 6_000_000)
            lines = 50_000
            home.up(f"name: t\nlog: {{ pressure: {pressure}, max_size: 0 }}\nchildren:\n"
                    f"  - {{ service: w, command: [{WRITER}, '{lines}', '200'], restart: temporary, "
                    f"log: {{ out: {where}/w.log }} }}\n")
            wait_for("the disk is full", lambda: any(
                "output" in event.get("text", "") for event in home.events(count=1000)))
            time.sleep(60)
            (where / "ballast").unlink()
            # Then make room again for what is still to come: 10 MB of lines do not fit into 8 MB.
            subprocess.run(["mount", "-o", "remount,size=64m", where], check=True)
            wait_for("it has ended", lambda: home.states().get("w") != "running")
            time.sleep(2)
            numbers = [int(line[:10]) for line in open(where / "w.log", "rb") if len(line) == LENGTH]
            logged = home.request("GET", "/v1/services/t%2Fw")[1]["detail"]["logged"]
            texts = [e["text"] for e in home.events(count=1000) if "output" in e.get("text", "")]
            assert numbers == sorted(set(numbers))
            print(f"{pressure}: {len(numbers)} of {lines} lines in the file, counted as lost {logged['lost_lines']}, "
                  f"missing {lines - len(numbers)}; events: {texts}")
        finally:
            home.close()
            subprocess.run(["umount", where], check=False)


async def follow(socket, lines, begun):
    """Reads so many lines; returns whether every line came once and in order."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(b"GET /v1/logs?service=w&tail=0&follow=1 HTTP/1.1\r\nHost: alder\r\n"
                 b"Accept: application/x-ndjson\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    begun()
    expected = 0
    while expected < lines:
        chunk = await reader.readexactly(int(await reader.readline(), 16) + 2)
        for line in chunk.splitlines():
            if line and int(json.loads(line)["line"][:10]) != expected:
                return False
            expected += bool(line)
    writer.close()
    return True


def followers(count):
    """Their number is limited by the descriptors a process may have: ulimit -n."""
    home = alder.Home()
    lines = 2000
    go = home.top / "go"
    try:
        home.up("name: t\nchildren:\n  - service: w\n    shell: true\n    command: "
                f"'until [ -e {go} ]; do sleep 0.1; done; exec {WRITER} {lines} {LENGTH}'\n    restart: temporary\n")
        pid = home.info()["pid"]

        def memory(what):
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            return int(status.split(f"{what}:")[1].split()[0]) // 1024

        async def all_of_them():
            waiting = count

            def begun():
                nonlocal waiting
                waiting -= 1
                if waiting == 0:
                    go.touch()

            return await asyncio.gather(*(follow(str(home.socket), lines, begun) for _ in range(count)))

        start, used = time.monotonic(), cpu_of(pid)
        good = asyncio.run(all_of_them())
        seconds, used = time.monotonic() - start, cpu_of(pid) - used
        wait_for("they are gone", lambda: home.info()["pid"] == pid and len(os.listdir(f"/proc/{pid}/fd")) < 100)
        print(f"{sum(good)} of {count} followers have each of {lines} lines once and in order after {seconds:.1f} s; "
              f"alderd: {used:.1f} s CPU, {memory('VmHWM')} MB at most, {memory('VmRSS')} MB afterwards")
    finally:
        home.close()


def main():
    if len(sys.argv) > 2 and sys.argv[2] == "once":
        once(int(sys.argv[3]))
    elif len(sys.argv) > 2 and sys.argv[2] == "full":
        full()
    elif len(sys.argv) > 2 and sys.argv[2] == "followers":
        followers(int(sys.argv[3]))
    else:
        compare()


if __name__ == "__main__":
    main()
