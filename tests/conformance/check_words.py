"""Nothing unfinished is kept in the tree: no word of the list below stands in any text file.

usage: check_words.py ROOT
"""

import pathlib
import re
import sys

import tree

WORDS = ["TODO", "FIXME"]

# These name the words in order to forbid them.
EXEMPT = {"tests/conformance/check_words.py", "tests/conformance/check_the_checks.py"}

PATTERN = re.compile(r"\b(" + "|".join(WORDS) + r")\b")


def check(root):
    findings = []
    for name in tree.files(root, "*"):
        if str(name) in EXEMPT:
            continue
        try:
            text = (pathlib.Path(root) / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not text
        for number, line in enumerate(text.splitlines(), 1):
            if PATTERN.search(line):
                findings.append(f"{name}:{number}: {line.strip()}")
    return findings


if __name__ == "__main__":
    tree.finish(check(sys.argv[1]), f"words that have no place here ({', '.join(WORDS)})")
