"""The commands that README.md shows exist: verbs of ./dev by their help, files by their names.

usage: check_readme_commands.py ROOT
"""

import pathlib
import re
import subprocess
import sys

import tree

DEV = re.compile(r"\./dev\s+([a-z][a-z-]*)")
FILE = re.compile(r"(?<![\w/.<$])((?:\./)?(?:config|tests|sdk|plugins|plugin-api|kernel)/[\w./-]*\w)")


def check(root):
    root = pathlib.Path(root).resolve()
    text = (root / "README.md").read_text(encoding="utf-8")
    findings = []
    verbs = sorted(set(DEV.findall(text)))
    if not {"run", "test"} <= set(verbs):
        findings.append("README.md: ./dev run and ./dev test are to be shown")
    for verb in verbs:
        help_text = subprocess.run([str(root / "dev"), verb, "--help"], capture_output=True)
        if help_text.returncode != 0:
            findings.append(f"README.md: ./dev {verb} does not exist")
    for name in sorted(set(FILE.findall(text))):
        if not (root / name).exists():
            findings.append(f"README.md: {name} does not exist")
    return findings


if __name__ == "__main__":
    tree.finish(check(sys.argv[1]), "commands and files that README.md promises")
