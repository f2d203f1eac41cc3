"""What the checks share: the files of the tree, and how a finding is printed."""

import pathlib
import subprocess
import sys


def files(root, *patterns):
    """Tracked and new files of the tree that match, without what .gitignore leaves out.

    A tree without git (a source archive) is walked instead, built folders left out.
    """
    root = pathlib.Path(root)
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True)
    if listing.returncode == 0:
        names = {pathlib.Path(name) for name in listing.stdout.decode().split("\0") if name}
    else:
        skipped = {"build", "var", "node_modules", ".git", ".cache"}
        names = {path.relative_to(root) for path in root.rglob("*")
                 if not skipped & set(path.relative_to(root).parts)}
    found = [name for name in names
             if (root / name).is_file() and any(name.match(pattern) for pattern in patterns)]
    return sorted(found)


def finish(findings, what):
    """Prints the findings, one a line as FILE:LINE: TEXT, and ends with 1 where there are any."""
    for finding in findings:
        print(finding)
    if findings:
        sys.exit(f"{len(findings)} findings: {what}")
