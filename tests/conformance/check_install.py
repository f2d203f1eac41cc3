"""The SDK as third parties get it: what `cmake --install` writes is all that a plugin needs.

Installs into a temporary folder, copies the examples and the template out of the tree, builds and
tests them against the installation with Clang, builds hello with GCC too, and lets the installed host
and the Clang-built test load that one.

usage: check_install.py BUILD_DIR SOURCE_DIR
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

COMPILERS = {"clang": ("clang-19", "clang++-19"), "gcc": ("gcc", "g++")}


def run(*command, **options):
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stdout}")
    return result.stdout


def build(source, prefix, compiler, *targets):
    c_compiler, cxx_compiler = COMPILERS[compiler]
    folder = source / f"build-{compiler}"
    run("cmake", "-G", "Ninja", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_C_COMPILER={c_compiler}", f"-DCMAKE_CXX_COMPILER={cxx_compiler}",
        "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON",
        "-DCMAKE_CXX_FLAGS=-Wall -Wextra")
    run("cmake", "--build", folder, *(["--target", *targets] if targets else []))
    return folder


def check_nothing_of_the_tree(folder, tree):
    """The installation must not lead back to the sources or the build."""
    for file in folder.rglob("*"):
        if file.suffix in (".cmake", ".hpp", ".h") and str(tree) in file.read_text(encoding="utf-8"):
            sys.exit(f"{file} names {tree}")


def main():
    build_dir, source_dir = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    with tempfile.TemporaryDirectory(prefix="streamwall-install-") as temporary:
        root = pathlib.Path(temporary)
        prefix = root / "prefix"
        run("cmake", "--install", build_dir, "--prefix", prefix)
        check_nothing_of_the_tree(prefix, source_dir)

        hello = shutil.copytree(source_dir / "sdk/examples/hello", root / "hello")
        lines = len((hello / "hello.cpp").read_text(encoding="utf-8").splitlines())
        if lines > 25:
            sys.exit(f"hello.cpp has {lines} lines; a first plugin takes at most 25")
        with_clang = build(hello, prefix, "clang")
        print(run(with_clang / "hello_test"))
        with_gcc = build(hello, prefix, "gcc", "hello")
        # The test's path of the plugin is compiled in: GCC's takes the place of Clang's.
        shutil.copy(with_gcc / "hello.so", with_clang / "hello.so")
        print(run(with_clang / "hello_test"))

        table = build(shutil.copytree(source_dir / "sdk/examples/game-table", root / "game-table"),
                      prefix, "clang")
        print(run(table / "game_table_test"))

        template = build(shutil.copytree(source_dir / "sdk/template", root / "template"), prefix,
                         "clang")
        print(run(template / "plugin_test"))

        host = prefix / "bin/streamwall"
        if host.exists():
            environment = {**os.environ, "STREAMWALL_DATA_DIR": str(root / "data")}
            shown = run(host, "plugins", "inspect", with_gcc / "hello.so", env=environment, cwd=root)
            print(shown)
            if "hello" not in shown or "greeting" not in shown:
                sys.exit("`streamwall plugins inspect` does not show the plugin")
    print("built with Clang and GCC outside of the tree, loaded and at work")


if __name__ == "__main__":
    main()
