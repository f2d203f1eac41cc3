"""Who may include whom: the rules of the house, on every #include of the tree.

usage: check_includes.py ROOT
"""

import pathlib
import posixpath
import re
import sys

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

C_STANDARD = {"assert.h", "errno.h", "inttypes.h", "limits.h", "stdbool.h", "stddef.h", "stdint.h",
              "string.h"}

# Inside the kernel: a folder, and those below it. A folder may always include itself.
KERNEL_LAYERS = {
    "exec": set(),
    "config": set(),
    "telemetry": set(),
    "bus": {"exec", "config", "telemetry"},
    "services": {"exec", "config", "telemetry"},
    "modules": {"exec", "config", "telemetry"},
    "abi": {"bus", "services", "modules", "exec", "config", "telemetry"},
    "transport": {"bus", "services", "modules", "exec", "config", "telemetry"},
    "runtime": {"abi", "transport", "bus", "services", "modules", "exec", "config", "telemetry"},
    "cli": {"runtime", "abi", "transport", "bus", "services", "modules", "exec", "config",
            "telemetry"},
}

# What the kernel must not know: HTTP, SQL, and the records of the domain.
FOREIGN_TO_KERNEL = re.compile(r"boost/beast|sqlite3?\.h|libpq|Poco/|stream_model|contracts/")


def area_of(path):
    """The part of the house a file belongs to: a tuple such as ("kernel", "bus")."""
    parts = path.parts
    if parts[0] == "kernel":
        return ("kernel", parts[1] if len(parts) > 2 else "")
    if parts[0] == "plugins" and len(parts) > 2:
        return ("shared", parts[2]) if parts[1] == "shared" else ("plugin", parts[1])
    if parts[:2] == ("sdk", "include"):
        return ("sdk", "")
    if parts[:2] == ("sdk", "testing") and parts[2] != "include":
        return ("testhost", "")
    return (parts[0], "")


def is_test(path):
    return (path.stem.endswith(("_test", "_fuzz", "_bench")) or "testing" in path.parts
            or path.parts[0] == "tests" or "tests" in path.parts)


class House:
    def __init__(self, names):
        self.names = set(names)
        self.by_suffix = {}
        for name in names:
            for start in range(len(name.parts)):
                self.by_suffix.setdefault("/".join(name.parts[start:]), []).append(name)

    def target(self, source, written):
        """The file of the tree that an #include names, or None for one from outside."""
        beside = pathlib.Path(posixpath.normpath((source.parent / written).as_posix()))
        if beside in self.names:
            return beside
        if written.startswith("streamwall/"):
            for base in ("plugin-api", "sdk/include"):
                if pathlib.Path(base, written) in self.names:
                    return pathlib.Path(base, written)
            return None
        candidates = self.by_suffix.get(written, [])
        same = [c for c in candidates if area_of(c) == area_of(source)]
        return (same or candidates or [None])[0]


def complaint(source, written, target):
    """Why `source` must not include what it does, or None."""
    here, name = area_of(source)
    if here == "plugin-api":
        if target is None and written not in C_STANDARD:
            return "plugin-api includes C standard headers only"
        if target is not None and area_of(target)[0] != "plugin-api":
            return "plugin-api includes nothing of the tree but itself"
        return None
    if here == "kernel":
        if "boost/dll" in written and name != "modules":
            return "Boost.DLL is used in kernel/modules only"
        if FOREIGN_TO_KERNEL.search(written):
            return "the kernel knows no HTTP, no SQL and nothing of the domain"
    elif "boost/dll" in written:
        return "Boost.DLL is used in kernel/modules only"
    if target is None:
        return None
    there, part = area_of(target)
    if here == "kernel":
        if there == "plugin-api" and "ext" in target.parts:
            return "the kernel never includes local interfaces (plugin-api/ext)"
        if there not in ("kernel", "plugin-api"):
            return f"the kernel includes plugin-api only, never {there}"
        if there == "kernel" and name in KERNEL_LAYERS and part in KERNEL_LAYERS:
            # A test may reach across its layer; what ships may not.
            if part != name and part not in KERNEL_LAYERS[name] and not is_test(source):
                return f"inside the kernel, {name} stands below {part} or beside it"
        return None
    if is_test(source) and there in ("tests", "sdk", "plugin-api"):
        return None
    if here == "testhost" and there not in ("testhost", "sdk", "kernel", "plugin-api"):
        return f"the test host wraps the kernel and nothing else, never {there}"
    if here == "sdk" and there not in ("sdk", "plugin-api"):
        return f"the sdk includes plugin-api only, never {there}"
    if here == "shared" and there not in ("shared", "sdk", "plugin-api"):
        return f"plugins/shared includes the sdk only, never {there}"
    if here == "plugin" and (there == "kernel" or there == "plugin" and part != name):
        return f"a plugin includes the sdk and plugins/shared, never {'/'.join((there, part))}"
    return None


def check(root):
    names = tree.files(root, "*.h", "*.hpp", "*.c", "*.cpp", "*.inl")
    house = House(names)
    findings = []
    for source in names:
        if source.parts[0] == "tests":
            continue
        text = (pathlib.Path(root) / source).read_text(encoding="utf-8")
        for match in INCLUDE.finditer(text):
            written = match.group(2)
            why = complaint(source, written, house.target(source, written))
            if why:
                line = text.count("\n", 0, match.start(1)) + 1
                findings.append(f"{source}:{line}: {written}: {why}")
    return findings


if __name__ == "__main__":
    tree.finish(check(sys.argv[1]), "includes that the house does not allow")
