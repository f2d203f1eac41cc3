"""The checks find what they are for: each is run on a small tree with one thing wrong.

usage: check_the_checks.py
"""

import pathlib
import subprocess
import tempfile
import unittest

import check_includes
import check_links
import check_plugin_symbols
import check_words


class Tree:
    """A throw-away tree; files are given as {path: text}."""

    def __init__(self, files):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def __enter__(self):
        return self.root

    def __exit__(self, *_):
        self.folder.cleanup()


HOUSE = {
    "plugin-api/streamwall/base.h": "#include <stdint.h>\n",
    "plugin-api/streamwall/ext/http.h": '#include "../base.h"\n',
    "sdk/include/streamwall/sdk/json.hpp": "#include <streamwall/base.h>\n",
    "kernel/exec/pool.hpp": "#include <vector>\n",
    "kernel/bus/topics.hpp": '#include "exec/pool.hpp"\n',
    "kernel/abi/tables.hpp": '#include "bus/topics.hpp"\n#include <streamwall/base.h>\n',
    "kernel/runtime/host.hpp": '#include "abi/tables.hpp"\n',
    "plugins/shared/model/model.hpp": "#include <streamwall/sdk/json.hpp>\n",
    "plugins/one/one.cpp": '#include "model.hpp"\n#include "one.hpp"\n',
    "plugins/one/one.hpp": "#include <streamwall/ext/http.h>\n",
    "plugins/two/two.hpp": "#include <string>\n",
}


class IncludeRules(unittest.TestCase):
    def test_the_house_as_drawn_is_allowed(self):
        with Tree(HOUSE) as root:
            self.assertEqual(check_includes.check(root), [])

    def test_every_forbidden_direction_is_found(self):
        cases = [
            ("plugin-api/streamwall/bad.h", "#include <stdio.h>"),
            ("plugin-api/streamwall/bad.h", "#include <streamwall/sdk/json.hpp>"),
            ("sdk/include/streamwall/sdk/bad.hpp", '#include "exec/pool.hpp"'),
            ("sdk/include/streamwall/sdk/bad.hpp", '#include "two.hpp"'),
            ("kernel/exec/bad.cpp", '#include "bus/topics.hpp"'),
            ("kernel/bus/bad.cpp", '#include "runtime/host.hpp"'),
            ("kernel/abi/bad.cpp", '#include "../runtime/host.hpp"'),
            ("kernel/abi/bad.cpp", "#include <streamwall/sdk/json.hpp>"),
            ("kernel/abi/bad.cpp", "#include <streamwall/ext/http.h>"),
            ("kernel/runtime/bad.cpp", "#include <boost/dll/shared_library.hpp>"),
            ("kernel/runtime/bad.cpp", "#include <boost/beast/http.hpp>"),
            ("kernel/runtime/bad.cpp", "#include <sqlite3.h>"),
            ("kernel/runtime/bad.cpp", '#include "one.hpp"'),
            ("plugins/shared/model/bad.cpp", '#include "two.hpp"'),
            ("plugins/one/bad.cpp", '#include "two.hpp"'),
            ("plugins/one/bad.cpp", '#include "../two/two.hpp"'),
            ("plugins/one/bad.cpp", '#include "exec/pool.hpp"'),
            ("plugins/one/bad_test.cpp", '#include "exec/pool.hpp"'),
        ]
        for path, line in cases:
            with self.subTest(path=path, line=line), Tree({**HOUSE, path: f"// text\n{line}\n"}) as root:
                findings = check_includes.check(root)
                self.assertEqual(len(findings), 1, findings)
                self.assertTrue(findings[0].startswith(f"{path}:2: "), findings)


class Words(unittest.TestCase):
    def test_an_unfinished_place_is_found_with_its_line(self):
        with Tree({"a.cpp": "fine\n// TODO: later\n", "b.cpp": "TODOS are fine\n"}) as root:
            self.assertEqual(check_words.check(root), ["a.cpp:2: // TODO: later"])


class Links(unittest.TestCase):
    def test_dead_links_are_found_and_good_ones_are_not(self):
        page = "# A title\n[ok](b.md#part-two) [up](#a-title) [web](https://example.com)\n" \
               "```\n[in code](nowhere.md)\n```\n[dead](c.md)\n[no heading](b.md#part-three)\n"
        with Tree({"a.md": page, "b.md": "## Part two\n"}) as root:
            self.assertEqual(check_links.check(root), [
                "a.md:6: c.md: no such file", "a.md:7: b.md#part-three: no such heading"])


class PluginSymbols(unittest.TestCase):
    GOOD = '__attribute__((section(".streamwall.manifest"), used)) static const char m[] = "id: x";' \
           "const void* streamwall_plugin_entry_v1(void) { return m; }\n"

    def findings(self, source, *options, compiler="gcc", suffix=".c"):
        with Tree({f"x{suffix}": source}) as root:
            library = root / "x.so"
            subprocess.run([compiler, "-shared", "-fPIC", "-o", library, root / f"x{suffix}", *options],
                           check=True)
            return list(check_plugin_symbols.check(library))

    def test_a_library_with_one_entry_and_a_manifest_passes(self):
        self.assertEqual(self.findings(self.GOOD), [])

    def test_each_breach_is_found(self):
        entry = "streamwall_plugin_entry_v1"
        unique = 'extern "C" {' + self.GOOD + "}\n" \
            "template <class T> struct S { static int value; };\n" \
            "template <class T> int S<T>::value = 1; int* user() { return &S<int>::value; }\n"
        cases = [
            (self.findings(self.GOOD.replace(entry, "other")), f"does not export {entry}"),
            (self.findings(self.GOOD + "void helper(void) {}\n"), "exports helper as well"),
            (self.findings(self.GOOD.replace(".streamwall.manifest", ".other")), "has no section"),
            (self.findings(self.GOOD, "-Wl,-rpath,/tmp"), "search path of its own"),
            (self.findings(unique, compiler="g++", suffix=".cpp"), "STB_GNU_UNIQUE"),
        ]
        for findings, expected in cases:
            with self.subTest(expected=expected):
                self.assertTrue(any(expected in finding for finding in findings), findings)


if __name__ == "__main__":
    unittest.main()
