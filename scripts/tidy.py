#!/usr/bin/env python3
"""The floors and house rules that no compiler sees. Usage: scripts/tidy.py [ROOT]; scripts/tidy.py --sizes

Prints `file:line: [rule] what is wrong` for each breach and ends with 1 when there is any. The floors are those of
docs/architecture.md, the rules those of the project's style. To allow one file what a rule forbids, name it in
EXCEPTIONS with the reason.
"""

import dataclasses
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from batch_names import clashes  # noqa: E402
from standard_names import headers_of, may_give  # noqa: E402

# A file includes its own floor and lower ones; floors of one height are siblings that do not know each other. The
# longest folder that fits wins.
FLOORS = {
    "include/alder": 0,
    "src/runtime/base": 10,
    "src/runtime/policy": 20,
    "src/runtime/config": 20,
    "src/runtime/wire": 20,
    "src/runtime/os": 30,
    "src/runtime/store": 40,
    "src/runtime/logs": 40,
    "src/runtime/keeper": 40,
    "include/alder/actor": 60,
    "src/actors/base": 70,
    "src/actors/tree": 71,
    "src/actors/logs": 72,
    "src/actors/host": 73,
    "src/actors/office": 73,
    "src/actors/http": 74,
    "src/cli/common": 80,
    "src/cli/commands": 81,
    "src/cli/alder": 82,
    "src/cli/alderd": 82,
    "src/cli/alder_keeper": 82,
}
PURE = ("include/alder", "src/runtime/base", "src/runtime/policy", "src/runtime/config", "src/runtime/wire")
MIRRORED = ("src/runtime/base", "src/runtime/policy", "src/runtime/config", "src/runtime/wire")
MAY_CALL_SYSTEM = ("src/runtime/os", "src/runtime/logs", "src/runtime/keeper")
MAY_USE_THREADS = ("src/runtime/os", "src/runtime/logs")
MAY_READ_CLOCK = ("src/runtime/os", "src/runtime/logs", "src/runtime/keeper", "src/cli")
MAY_KNOW_CAF = ("src/actors", "include/alder/actor", "src/cli/alderd")
MAY_KNOW_JSON = ("src/runtime/config", "src/runtime/wire", "src/runtime/store", "src/actors", "src/cli")
# The command line starts in milliseconds and the keeper depends on next to nothing, so neither links what is above os.
NOT_ABOVE_OS = ("src/cli/common", "src/cli/commands", "src/cli/alder")
KEEPER_ONLY = ("src/cli/alder_keeper",)

# rule -> file -> why it may.
EXCEPTIONS = {
    "system": {"src/runtime/base/unique_fd.hpp": "closing is what it is for"},
    "effects": {"src/runtime/base/unique_fd.hpp": "closing is what it is for"},
    "by_path": {"src/runtime/os/files.cpp": "reading regular files, without waiting, is what it is for",
                "src/runtime/os/child_setup.cpp": "between fork and exec; standard input is opened as the program's user",
                "src/runtime/os/cgroup.cpp": "control groups, which the kernel makes up",
                "src/runtime/os/proc.cpp": "processes, which the kernel makes up",
                "src/runtime/os/births.cpp": "process numbers, which the kernel makes up",
                "src/runtime/os/reparented.cpp": "the list of children, which the kernel makes up",
                "src/runtime/os/machine.cpp": "the maker of terminals, a device of the kernel",
                "src/runtime/os/orphans.cpp": "a descriptor of a process, whose inode is known",
                "src/runtime/logs/output_pipe.cpp": "a descriptor of its own, once more",
                "src/runtime/os/probe.cpp": "the kernel's list of listening sockets",
                "src/runtime/os/paths.cpp": "a home that was made for one run is removed, in directories that are ours"},
    "heavy": dict.fromkeys(("tests/conformance/otp_player.hpp", "tests/conformance/otp_spec.hpp"),
                           "scenarios are JSON, and read by these files alone"),
    "node": {"src/runtime/store/tree_records.cpp": "what follows the tree is the number of an edit"},
    "mirror": {"src/runtime/base/assert.cpp": "it ends the process; the tests that expect a bug to be caught prove it",
               **dict.fromkeys((f"src/runtime/config/schema_{part}.cpp" for part in ("process", "groups", "log")),
                               "parts of the one table, which schema_test.cpp looks through")},
}

# header -> why a constant of ours and a system call's number will not do. The kernel's headers are written for C and come
# with every kernel, security updates included: a new one may not compile as C++ (a parameter called `class`), or clash
# with libc's. What libc includes by itself is libc's care.
KERNEL_HEADERS = {}

# Included by .cpp files only; with a number, by at most that many.
HEAVY = {
    "nlohmann/(?!json_fwd)": None,
    r"libfyaml\.h": 1,
    r"re2/.+": 1,
    "spdlog/": 1,
    "boost/beast": None,
    "CLI/": None,
}

SYSTEM_HEADER = re.compile(
    r"(sys|net|netinet|arpa)/.*|(unistd|fcntl|poll|spawn|sched|pthread|dirent|netdb|pwd|grp|termios|signal|pty"
    r"|utmp|dlfcn|ftw|glob)\.h|fstream|filesystem")
KERNEL_HEADER = re.compile(
    r"(linux|asm|asm-generic|cxl|drm|fwctl|misc|mtd|rdma|regulator|scsi|sound|video|xen)/.*\.h|(uapi|bits|gnu)/.*")
STANDARD_NAME = re.compile(r"(?<![\w:])(?:::)?std::(\w+(?:::\w+)?)")
EFFECT_HEADER = re.compile(r"iostream|fstream|filesystem|syncstream|caf/.*|boost/asio.*|boost/beast.*")
THREAD_HEADER = re.compile(r"thread|mutex|shared_mutex|condition_variable|future|stop_token|semaphore|latch|barrier")
SYSTEM_CALL = re.compile(
    r"(?<![\w>])::(_exit|accept4?|bind|chdir|chmod|chown|clone3?|close|connect|dup[23]?|epoll_\w+|eventfd|exec\w+|fchdir"
    r"|fcntl|flock|fork|fstat|fsync|ftruncate|getenv|getpid|getppid|getuid|inotify_\w+|ioctl|kill|link|listen|lstat"
    r"|mkdir|mkfifo|mmap|mount|munmap|open|openat|pidfd_\w+|pipe2?|poll|ppoll|prctl|pread|pwrite|raise|read|readlink|recv"
    r"|recvmsg|rename|rmdir|select|send|sendmsg|setenv|setgid|setrlimit|setsid|setuid|shutdown|sigaction|signal"
    r"|signalfd|sigprocmask|sleep|socket|socketpair|splice|stat|symlink|syscall|timerfd_\w+|truncate|umask|unlink"
    r"|usleep|utimensat|vfork|wait|waitid|waitpid|write)\s*\("
    r"|\bstd::(system|fopen|freopen|tmpfile|raise|signal)\s*\(|\bstd::this_thread::sleep_\w+")
# A file by its path: with a literal in the place of the path (which is blank by then) it is one of the kernel's.
BY_PATH = re.compile(
    r"(?<![\w>])::(open|creat|fopen|opendir|mkdir|mkfifo|mknod|rename|unlink|link|symlink|chown|lchown|chmod|truncate)"
    r"\s*\((?!\s+,)"
    r"|(?<![\w>])::\w+at2?\s*\(\s*AT_FDCWD\b(?<!faccessat\(AT_FDCWD)"
    r"|\bstd::(fopen|rename|remove|(basic_)?[io]?fstream)\b(?!\s*\(\s*\w+\.(begin|data)\()"
    r"|\b(std::filesystem|fs)::(remove(_all)?|rename|create_\w+|copy\w*|resize_file|permissions)\s*\(")
CLOCK = re.compile(r"\b\w*clock::now\b|\bclock_gettime\b|\bgettimeofday\b"
                   r"|(?<![\w.>:])(std::)?time\s*\(\s*(NULL|nullptr|0)\s*\)")
CHANCE = re.compile(r"\brandom_device\b|(?<![\w.>])(std::)?(rand|srand)\s*\(|\bstd::getenv\b")
TOO_NEW = re.compile(r"\bstd::(format|vformat|expected|unexpected|source_location|views|print|println|generator)\b"
                     r"|^\s*#\s*include\s*<(format|expected|source_location|print|generator)>")
USING_NAMESPACE = re.compile(r"^\s*using\s+namespace\s+([\w:]+)")
LITERALS = re.compile(r"std::(\w+::)?\w*literals$")
ACT = re.compile(r"\bos::(signal_pidfd|signal_members|kill_members|kill_cgroup)\s*\(")
# What is called like a node or a part of one; where files and addresses are cut, names are mostly those of files.
NODE_CUT = re.compile(
    r"\b(\w*(node|id|name|service|source|supervisor|subject|instance|full|text))_?\.r?find(_\w+)?\(\s*['\"][/:]['\"]")
NODE_GLUED = re.compile(r"\b\w*tree_?(\(\))?\s*\+\s*['\"]/['\"]")
MAY_CUT = ("src/runtime/base", "src/runtime/config", "src/runtime/os")
MARKER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
DOC_LINK = re.compile(r'(?P<page>docs/[\w/]+\.md)(#(?P<name>[\w-]+)|, *\0? *\\?"(?P<title>[^"\\]+)\\?")?')
PAGE_LINK = re.compile(r"\]\((?P<page>[\w./-]+\.md)?(#(?P<name>[\w-]+))?\)")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
NOT_CODE = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r'|R"(?P<raw>[^()\s\\]{0,16})\(.*?\)(?P=raw)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<!\w)'(?:\\.|[^'\\\n])*'", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Source:
    """One file, as rules look at it. `code` are its lines without comments and the insides of literals."""

    path: str
    floor: "str | None"
    lines: list
    code: list

    @property
    def is_header(self):
        return self.path.endswith(".hpp")

    def includes(self):
        """(line number, name, quoted or not) of every include."""
        for number, (line, code) in enumerate(zip(self.lines, self.code), 1):
            match = INCLUDE.match(line)
            if match and code.lstrip().startswith("#"):
                yield number, match.group(1) or match.group(2), match.group(1) is not None

    def below(self, folders):
        return any(self.path.startswith(folder + "/") for folder in folders)


def read_source(root, path):
    text = (root / path).read_text(encoding="utf-8")
    code = NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    return Source(path, floor_of(path), text.splitlines(), code.splitlines())


def floor_of(path):
    fitting = [folder for folder in FLOORS if path.startswith(folder + "/")]
    return max(fitting, key=len, default=None)


def path_of_include(name):
    """Where a quoted include of ours is, seen from the root."""
    return ("include/" if name.startswith("alder/") else "src/") + name


def matching_code(source, pattern):
    for number, line in enumerate(source.code, 1):
        match = pattern.search(line)
        if match:
            yield number, " ".join(match.group().split())


# A rule takes a source and yields (line, what is wrong). Its name is the function's.


def place(source):
    if source.path.startswith(("src/", "include/")) and source.floor is None:
        yield 1, "lies on no floor; see FLOORS in scripts/tidy.py"


def floor(source):
    for number, name, quoted in source.includes():
        if not quoted or source.floor is None:
            continue
        there = floor_of(path_of_include(name))
        if there is None:
            yield number, f'"{name}": write the path from src/ or include/'
        elif there != source.floor and FLOORS[there] >= FLOORS[source.floor]:
            yield number, f"{source.floor} may not know {there}"
        elif source.below(NOT_ABOVE_OS) and 30 < FLOORS[there] < 80:
            yield number, f"the command line may not know {there}: it talks HTTP to the daemon"
        elif source.below(KEEPER_ONLY) and FLOORS[there] > 30 and there not in ("src/runtime/keeper", source.floor):
            yield number, f"the keeper's program may not know {there}"


def system(source):
    if source.floor is None or source.below(MAY_CALL_SYSTEM):
        return
    for number, name, quoted in source.includes():
        if not quoted and SYSTEM_HEADER.fullmatch(name):
            yield number, f"<{name}> belongs to src/runtime/os"
    for number, text in matching_code(source, SYSTEM_CALL):
        yield number, f"`{text}…` is a system call; they belong to src/runtime/os"


def by_path(source):
    if source.floor is None:
        return
    for number, text in matching_code(source, BY_PATH):
        yield number, f"`{text}…` may follow a link or wait for ever; go through runtime/os/safe_open.hpp or files.hpp"


def effects(source):
    if source.floor not in PURE:
        return
    for number, name, quoted in source.includes():
        if not quoted and (EFFECT_HEADER.fullmatch(name) or SYSTEM_HEADER.fullmatch(name)):
            yield number, f"<{name}>: {source.floor} is pure"
    for number, text in matching_code(source, CHANCE):
        yield number, f"`{text}`: {source.floor} is pure; take it as a parameter"


def clock(source):
    if source.floor is not None and not source.below(MAY_READ_CLOCK):
        for number, text in matching_code(source, CLOCK):
            yield number, f"`{text}` reads a clock; take the time as a parameter or from the actor's clock"


def gate(source):
    """What the daemon does to a process follows from what is in the journal, which the gate sees to."""
    if source.below(("src/actors",)) and source.path != "src/actors/host/keeper_gate.cpp":
        for number, text in matching_code(source, ACT):
            yield number, f"`{text}…`: go through keeper_gate, which writes the journal first"


def node(source):
    """A node goes as one value; its text is known in one place."""
    if source.floor is None:
        return
    for number, (line, code) in enumerate(zip(source.lines, source.code), 1):
        for pattern in (NODE_GLUED,) if source.below(MAY_CUT) else (NODE_GLUED, NODE_CUT):
            match = pattern.search(line)
            if match and code[match.start():match.start() + 1].strip():
                yield number, f"`{match.group()}`: a node's text is made and cut by alder/node_id.hpp alone"


def threads(source):
    if source.floor is not None and not source.below(MAY_USE_THREADS):
        for number, name, quoted in source.includes():
            if not quoted and THREAD_HEADER.fullmatch(name):
                yield number, f"<{name}>: state belongs to one actor, threads to src/runtime/os"


def caf(source):
    if source.floor is not None and not source.below(MAY_KNOW_CAF):
        for number, name, quoted in source.includes():
            if not quoted and name.startswith("caf/"):
                yield number, f"{source.floor} may not know CAF"


def json(source):
    if source.floor is not None and not source.below(MAY_KNOW_JSON):
        for number, name, quoted in source.includes():
            if not quoted and name.startswith("nlohmann/"):
                yield number, f"{source.floor} may not know JSON"


def heavy(source):
    if source.is_header:
        for number, name, _ in source.includes():
            if any(re.match(header, name) for header in HEAVY):
                yield number, f"<{name}> is heavy: include it in a .cpp file only"


def purpose(source):
    if source.is_header and source.floor is not None:
        first = source.lines[0] if source.lines else ""
        if not re.match(r"// \w.*\w.*\s.*\w", first):
            yield 1, "the first line of a header says what the file is for"


def once(source):
    if source.is_header and not any(line.strip() == "#pragma once" for line in source.lines):
        yield 1, "no #pragma once"


def own_first(source):
    """A header that compiles only after another one is found out by its own .cpp file."""
    own = re.sub(r"\.cpp$", ".hpp", source.path)
    if own == source.path or source.floor is None:
        return
    quoted = [(number, name) for number, name, is_quoted in source.includes() if is_quoted]
    everything = [name for _, name, _ in source.includes()]
    for number, name in quoted:
        if path_of_include(name) == own and everything[0] != name:
            yield number, f'"{name}" comes first'


def marker(source):
    for number, line in enumerate(source.lines, 1):
        if MARKER.search(line):
            yield number, "open an issue instead of leaving a marker"


def using_namespace(source):
    for number, line in enumerate(source.code, 1):
        match = USING_NAMESPACE.match(line)
        if match and not LITERALS.match(match.group(1)):
            yield number, f"no using-directive for {match.group(1)}"


def too_new(source):
    for number, text in matching_code(source, TOO_NEW):
        yield number, f"`{text}` is unknown to g++ 12 or clang-tidy 14"


def kernel(source):
    for number, name, _ in source.includes():
        if KERNEL_HEADER.fullmatch(name) and name not in KERNEL_HEADERS:
            yield number, f"<{name}>: take the constant and the system call's number; see KERNEL_HEADERS"


RULES = (place, floor, system, by_path, effects, clock, gate, node, threads, caf, json, heavy, purpose, once, own_first,
         marker, using_namespace, too_new, kernel)


def mirror(root, sources):
    """Every .cpp of a pure floor has its test at the same path, which may be split: NAME_ASPECT_test.cpp."""
    for source in sources:
        if source.floor in MIRRORED and source.path.endswith(".cpp"):
            stem = pathlib.Path("tests") / source.path[len("src/"):-len(".cpp")]
            if not any(any((root / stem.parent).glob(stem.name + end)) for end in ("_test.cpp", "_*_test.cpp")):
                yield source.path, 1, f"has no test at {stem}_test.cpp"


def heavy_once(_, sources):
    """Some libraries are wrapped by one file, which catches what they throw."""
    for header, most in HEAVY.items():
        users = sorted((source.path, number) for source in sources for number, name, _ in source.includes()
                       if source.floor is not None and re.match(header, name))
        files = sorted({path for path, _ in users})
        if most is not None and len(files) > most:
            for path in files[most:]:
                number = next(number for user, number in users if user == path)
                yield path, number, f"{header.rstrip('/')} is included by {files[0]} already; go through that"


def standard(_, sources):
    """Names of the standard library come from a header that the file, or one of ours that it includes, asks for."""
    by_path = {source.path: source for source in sources}
    used = {source.path: {name: number for number, line in reversed(list(enumerate(source.code, 1)))
                          for name in STANDARD_NAME.findall(line)} for source in sources}
    header_of = headers_of({name for names in used.values() for name in names})

    def included(path, seen):
        if path in seen or path not in by_path:
            return set()
        seen.add(path)
        found = set()
        for _, name, quoted in by_path[path].includes():
            if not quoted:
                found.add(name)
            else:
                found.update(*(included(other, seen) for other in (path_of_include(name), name)))
        return found

    for path, names in used.items():
        there = included(path, set())
        missing = {}
        for name, number in names.items():
            header = header_of.get(name)
            if header and not there & may_give(header):
                missing[header] = min(missing.get(header, (number, name)), (number, name))
        for header, (number, name) in missing.items():
            yield path, number, f"`std::{name}` is of <{header}>, which other headers may stop including"


def batch(root, sources):
    """Sources of a folder are compiled together, so what one of them keeps to itself has a name of its own there."""
    yield from clashes(root, sources)


def headings_of(text):
    """The headings of a page in Markdown, and what links call them."""
    titles, names, seen = set(), set(), {}
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        match = None if fenced else re.match(r"#+ +(.+?) *#*$", line)
        if not match:
            continue
        title = re.sub(r"\[([^]]*)\]\([^)]*\)|[`*]", r"\1", match.group(1))
        name = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        seen[name] = seen.get(name, -1) + 1
        titles.add(title.lower())
        names.add(name if seen[name] == 0 else f"{name}-{seen[name]}")
    return titles, names


def links(root, sources):
    """A page or a heading that a message, a comment or another page names is there."""
    pages = {}

    def page(path):
        if path not in pages:
            file = root / path
            pages[path] = headings_of(file.read_text(encoding="utf-8")) if file.is_file() else None
        return pages[path]

    def wrong(path, name="", title=""):
        found = page(path)
        if found is None:
            return f"there is no {path}"
        if name and name not in found[1]:
            return f"{path} has no heading #{name}"
        if title and title.lower() not in found[0]:
            return f'{path} has no heading "{title}"'
        return None

    for source in sources:
        if source.path.startswith("tests/"):
            continue
        text = re.sub(r"\n[ \t]*//[/!]? ?", lambda match: " " * (len(match.group()) - 1) + "\0", "\n".join(source.lines))
        for match in DOC_LINK.finditer(text):
            title = " ".join(match["title"].replace("\0", " ").split()) if match["title"] else ""
            fault = wrong(match["page"], match["name"] or "", title)
            if fault:
                before = text[:match.start()]
                yield source.path, before.count("\n") + before.count("\0") + 1, fault
    for file in sorted([*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("examples/**/*.md")]):
        path = str(file.relative_to(root))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            for match in PAGE_LINK.finditer(line):
                to = path
                if match["page"]:
                    to = os.path.normpath(str(pathlib.Path(path).parent / match["page"]))
                fault = wrong(to, match["name"] or "")
                if fault:
                    yield path, number, fault


TREE_RULES = (mirror, heavy_once, standard, batch, links)


def sources_of(root):
    return [read_source(root, path) for path in sorted(
        str(path.relative_to(root)) for top in ("include", "src", "tests", "examples", "bench")
        for path in (root / top).rglob("*.[ch]pp"))]


def breaches(root):
    """All (path, line, rule, text), sorted."""
    sources = sources_of(root)
    found = [(source.path, number, rule.__name__, text)
             for source in sources for rule in RULES for number, text in rule(source)]
    found += [(path, number, rule.__name__, text)
              for rule in TREE_RULES for path, number, text in rule(root, sources)]
    return sorted(breach for breach in found if breach[0] not in EXCEPTIONS.get(breach[2], {}))


LONG_FILE = 400
MANY_FUNCTIONS = 40
MANY_HEADERS = 25
MEMBER = re.compile(r"^(?!namespace|using|static_assert|#)[\w:<>,&*\[\]\s]*?\b(\w+)::(~?\w+)\s*\(")


def sizes(root):
    """What has grown: files over 400 lines, classes with more than 40 functions outside their body, and headers that draw
    in more than 25 of ours. No breach by itself, but the next feature should not go there. As (what, how much) by kind."""
    sources = sources_of(root)
    by_path = {source.path: source for source in sources}
    files = {source.path: len(source.code) for source in sources if source.floor is not None}
    functions = {}
    for source in sources:
        if source.floor is not None and source.path.endswith(".cpp"):
            for line in source.code:
                if match := MEMBER.match(line):
                    functions.setdefault(match.group(1), set()).add((match.group(2), source.path))

    def drawn(path, seen):
        for _, name, quoted in by_path[path].includes():
            for other in (path_of_include(name), name) if quoted else ():
                if other in by_path and other not in seen:
                    seen.add(other)
                    drawn(other, seen)
        return seen

    headers = {source.path: len(drawn(source.path, set())) for source in sources
               if source.floor is not None and source.path.endswith(".hpp")}
    return {
        f"files over {LONG_FILE} lines": {path: n for path, n in files.items() if n > LONG_FILE},
        f"classes with over {MANY_FUNCTIONS} functions (and the files they are in)": {
            f"{name} ({len({path for _, path in found})})": len(found) for name, found in functions.items()
            if len(found) > MANY_FUNCTIONS and name != "std"},
        f"headers that draw in more than {MANY_HEADERS} of ours": {
            path: n for path, n in headers.items() if n > MANY_HEADERS},
    }


def main():
    if sys.argv[1:2] == ["--sizes"]:
        for kind, found in sizes(pathlib.Path(__file__).parent.parent.resolve()).items():
            print(f"{kind}: {len(found)}")
            for what, number in sorted(found.items(), key=lambda one: -one[1]):
                print(f"  {number:5} {what}")
        return 0
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    found = breaches(root)
    for path, number, rule, text in found:
        print(f"{path}:{number}: [{rule}] {text}")
    print(f"tidy: {len(found)} breaches" if found else "tidy: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
