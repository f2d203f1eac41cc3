"""Every plugin library exports its entry and nothing else, carries its manifest, and searches nowhere.

usage: check_plugin_symbols.py FOLDER-OF-LIBRARIES FOLDER-OF-SOURCES

Each folder of the sources that has a plugin.yaml must have its library; binutils' readelf is the judge.
"""

import pathlib
import subprocess
import sys

import tree

ENTRY = "streamwall_plugin_entry_v1"
MANIFEST = ".streamwall.manifest"


def readelf(*arguments):
    # C locale: its words are matched below.
    return subprocess.run(["readelf", "--wide", *arguments], capture_output=True, text=True,
                          check=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}).stdout


def exported(library):
    """(name, binding) of every symbol that others could bind to."""
    for line in readelf("--dyn-syms", str(library)).splitlines():
        # Num: Value Size Type Bind Vis Ndx Name
        fields = line.split()
        if len(fields) < 8 or not fields[0].rstrip(":").isdigit():
            continue
        binding, visibility, section, name = fields[4:8]
        if binding != "LOCAL" and section != "UND" and visibility in ("DEFAULT", "PROTECTED"):
            yield name.split("@")[0], binding


def check(library):
    name = library.name
    symbols = dict(exported(library))
    if ENTRY not in symbols:
        yield f"{name}: does not export {ENTRY}"
    for symbol in sorted(symbols.keys() - {ENTRY}):
        yield f"{name}: exports {symbol} as well"
    for symbol, binding in symbols.items():
        if binding == "UNIQUE":
            yield f"{name}: {symbol} is STB_GNU_UNIQUE, which pins the library in memory"
    sections = readelf("--sections", str(library))
    if f" {MANIFEST} " not in sections:
        yield f"{name}: has no section {MANIFEST}"
    dynamic = readelf("--dynamic", str(library))
    for tag in ("(RPATH)", "(RUNPATH)"):
        if tag in dynamic:
            yield f"{name}: has a search path of its own {tag}"


def main():
    built, sources = (pathlib.Path(argument) for argument in sys.argv[1:3])
    libraries = sorted(built.glob("*.so"))
    findings = [finding for library in libraries for finding in check(library)]
    there = {library.stem.removeprefix("lib") for library in libraries}
    for manifest in sorted(sources.glob("*/plugin.yaml")):
        if manifest.parent.name not in there:
            findings.append(f"{manifest.parent.name}: has no library in {built}")
    if not libraries:
        findings.append(f"no libraries in {built}")
    print(f"{len(libraries)} libraries")
    tree.finish(findings, "plugin libraries that break the boundary")


if __name__ == "__main__":
    main()
