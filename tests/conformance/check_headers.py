"""Every public header compiles on its own, in every language level it promises, without a warning.

plugin-api: C11 and C17, C++11 to C++20, with Clang and GCC. sdk: C++20 with Clang and GCC; headers of
coroutines are for Clang alone, because GCC 12 miscompiles them.

usage: check_headers.py ROOT
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import tree

WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]
C_COMPILERS = ["clang-19", "gcc"]
CXX_COMPILERS = ["clang++-19", "g++"]
C_LEVELS = ["c11", "c17"]
CXX_LEVELS = ["c++11", "c++14", "c++17", "c++20"]

# A header says by this #error that it is not for GCC 12.
CLANG_ONLY = re.compile(r"#\s*error[^\n]*(GCC|g\+\+)", re.IGNORECASE)


def jobs(root):
    """(header, compiler, level) for each compilation."""
    for header in tree.files(root, "plugin-api/streamwall/*.h", "plugin-api/streamwall/ext/*.h"):
        for compilers, levels in ((C_COMPILERS, C_LEVELS), (CXX_COMPILERS, CXX_LEVELS)):
            for compiler in compilers:
                for level in levels:
                    yield header, compiler, level
    clang_only = clang_only_headers(root)
    for header in sdk_headers(root):
        yield header, "clang++-19", "c++20"
        if header not in clang_only:
            yield header, "g++", "c++20"


def sdk_headers(root):
    return [header for header in tree.files(root, "*.hpp")
            if header.parts[:2] == ("sdk", "include")]


def clang_only_headers(root):
    """Headers with the #error, and those that include one of them."""
    headers = {header: (root / header).read_text(encoding="utf-8") for header in sdk_headers(root)}
    found = {header for header, text in headers.items() if CLANG_ONLY.search(text)}
    while True:
        names = {"/".join(header.parts[2:]) for header in found}
        more = {header for header, text in headers.items() if header not in found
                and any(f"<{name}>" in text for name in names)}
        if not more:
            return found
        found |= more


def compile_one(root, folder, job):
    header, compiler, level = job
    suffix = ".cpp" if level.startswith("c++") else ".c"
    name = "/".join(header.parts[1 if header.parts[0] == "plugin-api" else 2:])
    # Twice: a header also has to bear being included again.
    source = folder / (re.sub(r"\W", "_", f"{name}_{compiler}_{level}") + suffix)
    source.write_text(f"#include <{name}>\n#include <{name}>\n", encoding="utf-8")
    command = [compiler, f"-std={level}", *WARNINGS, f"-I{root / 'plugin-api'}"]
    if header.parts[0] == "sdk":
        # Only our own headers have to be free of warnings.
        command += [f"-I{root / 'sdk/include'}"]
    result = subprocess.run([*command, str(source)], capture_output=True, text=True)
    if result.returncode == 0:
        return None
    return f"{header}: {compiler} -std={level}:\n{result.stderr.strip()}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    work = list(jobs(root))
    if not work:
        sys.exit("no headers found")
    with tempfile.TemporaryDirectory() as folder:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(lambda job: compile_one(root, pathlib.Path(folder), job), work)
            findings = [result for result in results if result]
    print(f"{len(work)} compilations")
    tree.finish(findings, "headers that do not compile on their own")


if __name__ == "__main__":
    main()
