"""Freezes the plugin boundary as it is: the guard that later versions only ever add to it.

Writes v1.0/streamwall/, copies of the headers that a plugin built today compiles with, and
v1.0_offsets.c, static assertions on the place of every member and the value of every constant. Both
are committed. Until the first release they are written anew after each change of plugin-api; from
then on only for a new minor version, under its own name, and those of older ones stay as they are.

usage: freeze.py ROOT [--version 1.0]
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import tempfile

STRUCT = re.compile(r"typedef struct (sw_\w+) \{(.*?)\n\} \1;", re.DOTALL)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# `type (*name)(…)`, `type name[n]` and `type name`, the last of what stands before each semicolon.
MEMBER = re.compile(r"\(\*(\w+)\)\s*\(|(\w+)\s*(?:\[\w+\])?$")
CONSTANT = re.compile(r"^#define (SW_\w+) (?:\(?-?\d+\)?u?|\"[^\"]*\")\s*(?:/\*|$)", re.MULTILINE)


def headers(root):
    base = root / "plugin-api/streamwall"
    return sorted(base.glob("*.h")) + sorted(base.glob("ext/*.h"))


def structs(text):
    for name, body in STRUCT.findall(text):
        members = []
        for declaration in COMMENT.sub("", body).split(";"):
            declaration = " ".join(declaration.split())
            if not declaration:
                continue
            match = MEMBER.search(declaration)
            members.append(match.group(1) or match.group(2))
        yield name, members


def measure(root, found, constants):
    """Asks the compiler, which alone knows."""
    lines = ["#include <stdio.h>", "#include <stddef.h>"]
    lines += [f"#include <streamwall/{header.relative_to(root / 'plugin-api/streamwall')}>"
              for header in headers(root)]
    lines += ["int main(void) {"]
    for name, members in found:
        lines.append(f'printf("S {name} %zu\\n", sizeof({name}));')
        lines += [f'printf("M {name} {member} %zu %zu\\n", offsetof({name}, {member}), '
                  f"sizeof((({name}*)0)->{member}));" for member in members]
    for name in constants:
        lines.append(f'printf(_Generic(({name}), char*: "T {name} %s\\n", default: "N {name} %d\\n"),'
                     f" {name});")
    lines += ["return 0;", "}"]
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "measure.c")
        source.write_text("\n".join(lines), encoding="utf-8")
        program = pathlib.Path(folder, "measure")
        subprocess.run(["clang-19", "-std=c11", "-w", f"-I{root / 'plugin-api'}", str(source), "-o",
                        str(program)], check=True)
        return subprocess.run([program], check=True, capture_output=True, text=True).stdout


def render(root, version, measured):
    out = [f"/* The boundary as version {version} froze it; compiled with today's headers. Written by",
           " * freeze.py. A line that fails names a change that breaks every plugin built before. */"]
    out += [f"#include <streamwall/{header.relative_to(root / 'plugin-api/streamwall')}>"
            for header in headers(root)]
    out += ["", "#define AT(type, member, offset, length)                               \\",
            "    _Static_assert(offsetof(type, member) == (offset), #type \".\" #member \" moved\"); \\",
            "    _Static_assert(sizeof(((type*)0)->member) == (length), #type \".\" #member \" resized\")",
            "#define HOLDS(type, length) \\",
            '    _Static_assert(sizeof(type) >= (length), #type " shrank")',
            "#define IS(name, value) _Static_assert((name) == (value), #name \" has another value\")",
            ""]
    texts = []
    for line in measured.splitlines():
        kind, name, *rest = line.split(" ")
        if kind == "S":
            out += ["", f"HOLDS({name}, {rest[0]});"]
        elif kind == "M":
            out.append(f"AT({name}, {', '.join(rest)});")
        elif kind == "N":
            out.append(f"IS({name}, {rest[0]});")
        else:
            texts.append((name, " ".join(rest)))
    out += ["", "/* Names: a redefinition with another text is an error. */"]
    out += [f'#define {name} "{text}"' for name, text in texts]
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--version", default="1.0")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    here = pathlib.Path(__file__).resolve().parent

    text = "\n".join(header.read_text(encoding="utf-8") for header in headers(root))
    constants = [name for name in CONSTANT.findall(text) if name != "SW_ABI_MINOR"]
    measured = measure(root, list(structs(text)), constants)
    (here / f"v{arguments.version}_offsets.c").write_text(
        render(root, arguments.version, measured), encoding="utf-8")

    copies = here / f"v{arguments.version}/streamwall"
    shutil.rmtree(copies, ignore_errors=True)
    shutil.copytree(root / "plugin-api/streamwall", copies)
    print(f"froze {measured.count('S sw_')} structs, {measured.count('M sw_')} members and "
          f"{len(constants)} constants as {arguments.version}")


if __name__ == "__main__":
    main()
