#!/usr/bin/env python3
"""Compiles against the newest headers that apt offers. Usage: scripts/newest_headers.py BUILD [SECONDS]

BUILD is a directory that ninja has built in. A security update of a header package reaches users before it reaches this
machine, and may break the build: so the packages of all headers that BUILD was compiled with are compared with what
apt offers, newer ones are unpacked into BUILD/newest_headers (nothing is installed), and the sources that include a
header that differs are compiled with those, as far as their syntax. First as many as it takes to have each such header
in one of them, then the others, until SECONDS (60) have passed. Ends with 1 when one does not compile. Where apt
cannot be asked it says so and ends with 0.
"""

import concurrent.futures
import dataclasses
import filecmp
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

ASK_SECONDS = 120  # that apt may take for its lists, and for the packages
SYSTEM = "/usr/"
COMPILER = re.compile(r"(g|clang|c)\+\+[-\d.]*$")


class Unreachable(Exception):
    """apt could not be asked; the text says why."""


@dataclasses.dataclass(frozen=True)
class Update:
    package: str
    installed: str
    offered: str


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def checked(command, **options):
    done = run(command, **options)
    if done.returncode != 0:
        sys.exit(f"newest_headers: `{shlex.join(map(str, command))}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout


# What was compiled, and from what.


def dependencies_of(deps_text):
    """object -> the files it was made of, from `ninja -t deps`."""
    found, current = {}, None
    for line in deps_text.splitlines():
        if line.startswith("    "):
            current.append(line.strip())
        elif line.strip():
            current = found.setdefault(line.partition(": #deps")[0], [])
    return found


def sources_of(build, commands, dependencies):
    """source -> (its command, the files it was made of), for all that has been compiled."""
    found = {}
    for entry in commands:
        words = shlex.split(entry["command"])
        made = dependencies.get(words[words.index("-o") + 1]) if "-o" in words else None
        if made is not None:
            found[entry["file"]] = (words, [os.path.normpath(build / name) for name in made])
    return found


# What apt offers.


def owners_of(headers):
    """package -> its headers, of those that belong to one."""
    owners = {}
    for line in run(["dpkg-query", "-S", *sorted(headers)], env=os.environ | {"LC_ALL": "C"}).stdout.splitlines():
        packages, _, path = line.rpartition(": ")
        if path in headers and not packages.startswith("diversion by"):
            owners.setdefault(re.split(r"[:,]", packages)[0], set()).add(path)
    return owners


def updates_in(policy_text):
    """The packages whose offered version is not the installed one, from `apt-cache policy`."""
    pattern = re.compile(r"^(\S+):\n  Installed: (\S+)\n  Candidate: (\S+)\n", re.MULTILINE)
    return [Update(*match.groups()) for match in pattern.finditer(policy_text)
            if match.group(2) != match.group(3) and "(none)" not in match.groups()]


class Apt:
    """apt with lists of its own, so that nobody's are changed and no right is needed."""

    def __init__(self, directory):
        self.debs = directory / "debs"
        lists = directory / "lists"
        for path in (self.debs, lists / "partial", directory / "cache/archives/partial"):
            path.mkdir(parents=True, exist_ok=True)
        self.options = [f"-oDir::State::lists={lists}", f"-oDir::Cache={directory}/cache", "-oAPT::Sandbox::User=",
                        "-oAPT::Update::Error-Mode=any", "-oAcquire::http::Timeout=20", "-oAcquire::https::Timeout=20",
                        "-oAcquire::Retries=1", "-oAcquire::Languages=none"]
        self.environment = os.environ | {"LC_ALL": "C"}

    def ask(self, program, *words):
        try:
            done = run([program, *self.options, *words], env=self.environment, cwd=self.debs, timeout=ASK_SECONDS,
                       stdin=subprocess.DEVNULL)
        except FileNotFoundError:
            raise Unreachable(f"there is no {program}") from None
        except subprocess.TimeoutExpired:
            raise Unreachable(f"`{program} {words[0]}` took more than {ASK_SECONDS} s") from None
        if done.returncode != 0:
            raise Unreachable(f"`{program} {words[0]}`: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def updates(self, packages):
        self.ask("apt-get", "update")
        return updates_in(self.ask("apt-cache", "policy", *sorted(packages)))

    def download(self, update):
        name = f"{update.package}_{update.offered.replace(':', '%3a')}_*.deb"
        if not any(self.debs.glob(name)):
            self.ask("apt-get", "download", f"{update.package}={update.offered}")
        return next(self.debs.glob(name))


# A /usr as it would be with the updates, of links: to this machine's files and to those of the packages, which are
# unpacked elsewhere. Nothing is ever written through a link.


def files_below(top):
    return {f"/{path.relative_to(top)}": path for path in top.rglob("*") if path.is_symlink() or not path.is_dir()}


def make_tree(tree, old_files, new_files):
    """`old_files`: what the packages have now. `new_files`: path -> where it was unpacked."""
    touched = {str(parent) for path in {*old_files, *new_files} for parent in pathlib.PurePath(path).parents}

    def link(path):
        there = pathlib.Path(f"{tree}{path}")
        if path not in touched:
            there.symlink_to(path)
            return
        there.mkdir()
        for entry in os.scandir(path):
            if entry.path not in new_files and (entry.path not in old_files or entry.path in touched):
                link(entry.path)

    tree.mkdir(parents=True)
    link(SYSTEM.rstrip("/"))
    for path, unpacked in new_files.items():
        there = pathlib.Path(f"{tree}{path}")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.symlink_to(os.readlink(unpacked) if unpacked.is_symlink() else unpacked)


def differing(tree, headers):
    return {path for path in headers
            if not os.path.exists(f"{tree}{path}") or not filecmp.cmp(path, f"{tree}{path}", shallow=False)}


def include_folders(compiler):
    """Where this compiler looks by itself for headers of C++, in order."""
    said = run([compiler, "-E", "-v", "-x", "c++", "/dev/null"], env=os.environ | {"LC_ALL": "C"}).stderr
    listed = said.partition("#include <...> search starts here:\n")[2].partition("End of search list.")[0]
    return [os.path.realpath(line.strip()) for line in listed.splitlines()]


def command_with(tree, words, folders):
    """A compile command that looks into `tree` for whatever is there, and writes nothing."""
    while not COMPILER.search(words[0]):
        words = words[1:]  # ccache
    kept, skip = [words[0], "-fsyntax-only", "-nostdinc", "-nostdinc++"], False
    for word, following in zip(words[1:], [*words[2:], ""]):
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT", "-MQ"):
            skip = True
        elif word in ("-isystem", "-I", "-idirafter"):
            kept += [word, placed(tree, following)]
            skip = True
        elif word.startswith("-I"):
            kept.append("-I" + placed(tree, word[2:]))
        elif word not in ("-c", "-MD", "-MMD"):
            kept.append(word)
    for folder in folders:
        kept += ["-isystem", placed(tree, folder)]
    return kept


def placed(tree, folder):
    return f"{tree}{folder}" if folder.startswith(SYSTEM) else folder


def in_order(affected, sizes):
    """The sources (source -> differing headers it includes) that together include all headers, and the others.

    Small ones, by the number of files they include, come before large ones: more of them fit into the time there is.
    """
    left = set().union(*affected.values())
    first = []
    while left:
        best = min(sorted(affected), key=lambda source: (-len(affected[source] & left), sizes[source]))
        first.append(best)
        left -= affected[best]
    return first, sorted(set(affected) - set(first), key=lambda source: (-len(affected[source]), sizes[source], source))


def compile_all(build, commands, first, others, seconds):
    """Compiles all of `first`, and `others` while there is time; (sources that were compiled, what was said of failures)."""
    deadline = time.monotonic() + seconds

    def one(source, until):
        if time.monotonic() > until:
            return source, None
        return source, run(commands[source], cwd=build)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        done = [*pool.map(lambda source: one(source, float("inf")), first),
                *pool.map(lambda source: one(source, deadline), others)]
    compiled = [source for source, result in done if result is not None]
    return compiled, [f"{source}\n{result.stderr}" for source, result in done if result is not None and result.returncode]


def newer_tree(directory, updates, apt):
    """The tree with these updates."""
    tree, unpacked, old_files = directory / "tree", directory / "unpacked", set()
    for path in (tree, unpacked):
        shutil.rmtree(path, ignore_errors=True)
    for update in updates:
        print(f"newest_headers: {update.package} {update.installed} -> {update.offered}", flush=True)
        old_files.update(checked(["dpkg-query", "-L", update.package]).splitlines())
        checked(["dpkg-deb", "-x", apt.download(update), unpacked])
    make_tree(tree, old_files, files_below(unpacked))
    return tree


def try_updates(build, directory, sources, updates, apt, owners, seconds):
    tree = newer_tree(directory, updates, apt)
    changed = differing(tree, set().union(*(owners[update.package] for update in updates)))
    affected = {source: changed.intersection(files) for source, (_, files) in sources.items()}
    affected = {source: headers for source, headers in affected.items() if headers}
    if not affected:
        print("newest_headers: ok, no header differs that is included")
        return 0
    first, others = in_order(affected, {source: len(files) for source, (_, files) in sources.items()})
    names = ", ".join(sorted(changed)[:5]) + (" …" if len(changed) > 5 else "")
    print(f"newest_headers: {len(changed)} included headers differ ({names})", flush=True)
    compiler = next(word for word in next(iter(sources.values()))[0] if COMPILER.search(word))
    folders = include_folders(compiler)
    commands = {source: command_with(str(tree), sources[source][0], folders) for source in affected}
    compiled, failures = compile_all(build, commands, first, others, seconds)
    missed = len(affected) - len(compiled)
    print(f"newest_headers: {len(compiled)} of {len(affected)} sources compiled"
          + (f"; no time was left for {missed}, which include no other headers" if missed else ""))
    for failure in failures:
        print(f"newest_headers: FAILED: {failure}")
    return 1 if failures else 0


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    seconds = float(sys.argv[2]) if len(sys.argv) == 3 else 60
    directory = build / "newest_headers"
    deps = dependencies_of(checked(["ninja", "-C", build, "-t", "deps"]))
    sources = sources_of(build, json.loads((build / "compile_commands.json").read_text()), deps)
    headers = {path for _, files in sources.values() for path in files if path.startswith(SYSTEM)}
    if not headers:
        sys.exit(f"newest_headers: nothing is built in {build}")
    owners = owners_of(headers)
    apt = Apt(directory)
    try:
        updates = apt.updates(owners)
        if not updates:
            print(f"newest_headers: ok, all {len(owners)} packages of headers are the newest that apt offers")
            return 0
        return try_updates(build, directory, sources, updates, apt, owners, seconds)
    except Unreachable as why:
        print(f"newest_headers: notice: apt cannot be asked, so newer headers are not tried: {why}")
        return 0


if __name__ == "__main__":
    sys.exit(main())
