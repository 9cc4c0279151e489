#!/usr/bin/env python3
"""What scripts/demo.sh wants to know about a tree, its events and its processes. Each command says yes with exit status 0.

    demo_state.py pids         < tree.json      prints "NAME PID" for each service that has a process
    demo_state.py all-running  < tree.json      is every service running?
    demo_state.py changed FILE < tree.json      prints the services whose process is another than in FILE (of `pids`)
    demo_state.py gave-up NAME < events.ndjson  has the supervisor given up?
    demo_state.py family PID                    prints "PID START" for a process and all its descendants
    demo_state.py alive        < family         prints the lines of `family` that still run; are there any?
"""

import json
import pathlib
import sys


def services(node):
    if node["type"] == "service":
        yield node
    for child in node.get("children", []):
        yield from services(child)


def read_services():
    return [service for tree in json.load(sys.stdin)["trees"] for service in services(tree)]


def read_pids():
    return {service["name"]: str(service["pid"]) for service in read_services() if "pid" in service}


def pids():
    for name, pid in read_pids().items():
        print(name, pid)
    return True


def all_running():
    found = read_services()
    return bool(found) and all(service["state"] == "running" and "pid" in service for service in found)


def changed(file):
    before = dict(line.split() for line in pathlib.Path(file).read_text().splitlines())
    names = [name for name, pid in read_pids().items() if before.get(name) != pid]
    print(*names)
    return bool(names)


def gave_up(name):
    events = [json.loads(line) for line in sys.stdin if line.strip()]
    return any(event.get("kind") == "gave_up" and event.get("name") == name for event in events)


def status_of(pid):
    """(parent, start time in clock ticks, state) of a process, None when there is none."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()  # the name before may contain anything
    return fields[1], fields[19], fields[0]


def family(root):
    parents = {}
    for path in pathlib.Path("/proc").iterdir():
        status = status_of(path.name) if path.name.isdigit() else None
        if status:
            parents.setdefault(status[0], []).append((path.name, status[1]))
    root_status = status_of(root)
    found = [(root, root_status[1])] if root_status else []
    for pid, _ in found:
        found.extend(parents.get(pid, []))
    for pid, start in found:
        print(pid, start)
    return bool(found)


def alive():
    left = []
    for line in sys.stdin:
        pid, start = line.split()
        status = status_of(pid)
        if status and status[1] == start and status[2] != "Z":  # a zombie has ended, its parent is late to look
            left.append(f"{pid} {start}")
    if left:
        print("\n".join(left))
    return bool(left)


COMMANDS = {"pids": pids, "all-running": all_running, "changed": changed, "gave-up": gave_up, "family": family,
            "alive": alive}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    sys.exit(0 if COMMANDS[sys.argv[1]](*sys.argv[2:]) else 1)
