"""Names that cannot be in one translation unit: the sources of a folder are compiled in batches (docs/decisions/0006).

Which files make a batch changes with every file that is added, so names must differ within the whole folder; else a new
file lets two others clash that nobody has touched. This is a reader of declarations, not a compiler: what it does not
understand it leaves to that.
"""

import dataclasses
import pathlib
import re

BUILT_IN = frozenset("bool char int long short unsigned signed float double void auto const size_t".split())
NAMESPACE = re.compile(r"(?:inline\s+)?namespace\b\s*([\w:]*)\s*$")
ALIAS = re.compile(r"(?:namespace|using)\s+(\w+)\s*=\s*(.+)$")
TYPE = re.compile(r"(?:struct|class|union|enum(?:\s+(?:class|struct))?)\s+(?:\[\[.*?\]\]\s*)?(\w+)\s*(?:final\b\s*)?"
                  r"(?::(?!:).*)?$")
FUNCTION = re.compile(r"(?:^|[\s*&>])(~?\w+|operator\s*[^\s\w(]+|operator\s*\(\s*\))\s*\((.*)$")
ASSIGNED = re.compile(r"(?<![=!<>+\-*/|&^%])(?<!operator)=(?!=)")
VARIABLE = re.compile(r"(?:^|[\s*&>])(\w+)\s*(?:\[[^\]]*\]\s*)*$")


@dataclasses.dataclass(frozen=True)
class Declaration:
    scope: str      # the named namespaces around it
    hidden: bool    # in an unnamed one, or static
    name: str
    kind: str       # "function", "alias" or "other"
    signature: str  # of a function its parameters' types, of an alias what it stands for
    line: int


def blanked(text):
    """Text with blanks for what stands in round brackets, and for the parameters of a template."""
    for opening, closing in ("()", "<>") if text.lstrip().startswith("template") else ("()",):
        depth, kept = 0, []
        for char in text:
            depth -= char == closing and depth > 0
            kept.append(char if depth == 0 else " ")
            depth += char == opening
        text = "".join(kept)
    return text


def value_at(head):
    """Where a declaration's `=` is, or -1."""
    found = None if re.match(r"\s*(using|namespace)\b", head) else ASSIGNED.search(blanked(head))
    return found.start() if found else -1


def parameters_of(text):
    """The types of a list of parameters, whose opening bracket has been read."""
    parts, depth = [""], 0
    for char in text:
        if char in ")]}" and depth == 0:
            break
        if char == "," and depth == 0:
            parts.append("")
            continue
        depth += (char in "([{<") - (char in ")]}>")
        parts[-1] += char
    types = []
    for part in parts:
        words = re.findall(r"\w+|::|[^\s\w]", part.partition("=")[0].replace("std::", ""))
        if len(words) > 1 and re.match(r"[A-Za-z_]", words[-1]) and words[-2] != "::" and words[-1] not in BUILT_IN \
                and words[:-1] != ["const"]:
            words.pop()
        types.append(" ".join(words))
    return ", ".join(types)


def declared(text):
    """(name, kind, signature) of a declaration up to its `{`, `;` or `=`, or None."""
    text = " ".join(text.split())
    if match := ALIAS.match(text):
        return match.group(1), "alias", match.group(2)
    template = re.match(r"template\s*<", text)
    if template:
        text = text[blanked(text).find(">") + 1:].strip()
    if match := TYPE.match(text):
        return match.group(1), "other", ""
    text = re.sub(r"\[\[.*?\]\]", "", text)
    if re.match(r"(using|extern|friend|static_assert|typedef|asm)\b", text):
        return None
    if (match := FUNCTION.search(text)) and "::" not in text[match.start(1) - 2:match.start(1)]:
        types = parameters_of(match.group(2))
        return match.group(1).replace(" ", ""), "function", "template " + types if template else types
    if (match := VARIABLE.search(text)) and " " in text and "(" not in text:
        return match.group(1), "other", ""
    return None


def past(text, at):
    """The place of the bracket that closes the one at `at`, or the end."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] in "({[") - (text[place] in ")}]")
        if depth == 0:
            return place
    return len(text)


def statements_of(text):
    """(namespaces around it, where it begins, its head, whether it has a body), of all that stands in namespaces."""
    spaces, begin, at = [], 0, 0
    while at < len(text):
        char, head = text[at], text[begin:at]
        if char == "(":
            at = past(text, at)
        elif char == "{" and (space := NAMESPACE.match(head.strip())):
            spaces.append(space.group(1))
            begin = at + 1
        elif char == "{":
            at = past(text, at)
            # What a constructor initialises with braces and a value go on; the body of a function is the end of it.
            is_function = "(" in head and value_at(head) < 0 and not text[at + 1:].lstrip().startswith((",", "{"))
            if not is_function:
                at += 1
                while at < len(text) and text[at] not in ";{":
                    at = past(text, at) + 1 if text[at] in "([" else at + 1
                if text[at:at + 1] == "{":
                    continue
            yield list(spaces), begin, head, True
            begin = at + 1
        elif char == ";":
            yield list(spaces), begin, head, False
            begin = at + 1
        elif char == "}":
            if spaces:
                spaces.pop()
            begin = at + 1
        at += 1


def declarations_of(code):
    """Those of a file's namespaces, of its lines without comments and literals. Forward declarations are none."""
    text = "\n".join(re.sub(r"^\s*#.*", "", line) for line in code)
    found = []
    for spaces, begin, head, has_body in statements_of(text):
        words = head.strip()
        value = value_at(words)
        made = declared(words[:value] if value >= 0 else words)
        is_type = re.match(r"(template\s*<.*>\s*)?(struct|class|enum|union)\b", words, re.DOTALL)
        if made is None or not has_body and (made[1] == "function" or is_type and value < 0):
            continue
        line = text.count("\n", 0, begin + len(head) - len(head.lstrip())) + 1
        hidden = "" in spaces or re.match(r"(template\s*<.*>\s*)?static\b", words, re.DOTALL) is not None
        found.append(Declaration("::".join(filter(None, spaces)), hidden, *made, line))
    return found


def stand_for_the_same(one, other):
    """Two aliases, as they are written: `asio::ip::tcp` may well be `boost::asio::ip::tcp`."""
    short, long = sorted(("::" + one.signature, "::" + other.signature), key=len)
    return long.endswith(short)


def clash(one, other):
    if not (one.hidden or other.hidden) or (one.scope, one.name) != (other.scope, other.name):
        return False
    if one.kind != other.kind or one.kind == "other":
        return True
    return not stand_for_the_same(one, other) if one.kind == "alias" else one.signature == other.signature


def batches_of(root):
    """(the folders whose sources are compiled in batches, the sources that are not), as CMake is told."""
    folders, alone = set(), set()
    for file, top, function, exempt in (("CMakeLists.txt", "src", "alder_floor", "ALDER_TAKEN_APART"),
                                        ("tests/CMakeLists.txt", "tests", "alder_test", "ALDER_SHORT_NAMES")):
        text = (root / file).read_text(encoding="utf-8") if (root / file).is_file() else ""
        text = re.sub(r"#.*", "", text)
        names = {name for words in re.findall(rf"set\({exempt}\s+([^)]*)\)", text) for name in words.split()}
        made = re.findall(rf"^\s*{function}\((\w+)\s+([\w/]+)", text, re.MULTILINE)
        folders |= {f"{top}/{folder}" for name, folder in made if name not in names and "UNITY_BUILD" in text}
        for words in re.findall(r"set_source_files_properties\(([^)]*)SKIP_UNITY_BUILD_INCLUSION", text):
            alone.update(re.findall(r"[^\s\"/}]+(?:/[^\s\"/]+)+\.cpp", words))
    return folders, alone


def clashes(root, sources):
    """(path, line, what is wrong), for the later of two files each."""
    folders, alone = batches_of(root)
    known = {}
    for source in sources:
        folder = str(pathlib.PurePath(source.path).parent)
        end = "_test.cpp" if folder.startswith("tests") else ".cpp"
        if folder not in folders or source.path in alone or not source.path.endswith(end):
            continue
        for made in declarations_of(source.code):
            before = known.setdefault((folder, made.scope, made.name), [])
            there = next(((path, old) for path, old in before if path != source.path and clash(made, old)), None)
            if there:
                yield source.path, made.line, (f"`{made.name}` is in {there[0]}:{there[1].line} too, and sources of a folder "
                                               "are compiled together: rename one")
            before.append((source.path, made))
