"""Every link from one page of the tree to another, or to a heading of one, leads somewhere.

usage: check_links.py [--list] ROOT       --list prints the pages and their titles first
"""

import pathlib
import re
import sys

import tree

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def prose(text):
    """The text with code blocks blanked out, line numbers kept."""
    return FENCE.sub(lambda match: "\n" * match.group(0).count("\n"), text)


def anchors(text):
    """The anchors that GitHub and most renderers give to the headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in HEADING.findall(prose(text))}


def check(root):
    root = pathlib.Path(root)
    findings = []
    for page in tree.files(root, "*.md"):
        text = prose((root / page).read_text(encoding="utf-8"))
        for match in LINK.finditer(text):
            link = match.group(1)
            if re.match(r"[a-z][a-z0-9+.-]*:", link):
                continue  # elsewhere: nothing here can know
            path, _, anchor = link.partition("#")
            target = (root / page.parent / path).resolve() if path else (root / page).resolve()
            line = text.count("\n", 0, match.start()) + 1
            if not target.exists():
                findings.append(f"{page}:{line}: {link}: no such file")
            elif anchor and target.suffix == ".md":
                if anchor not in anchors(target.read_text(encoding="utf-8")):
                    findings.append(f"{page}:{line}: {link}: no such heading")
    return findings


def list_pages(root):
    for page in tree.files(root, "*.md"):
        headings = HEADING.findall((pathlib.Path(root) / page).read_text(encoding="utf-8"))
        print(f"{page}  {headings[0] if headings else '(no title)'}")


if __name__ == "__main__":
    if sys.argv[1] == "--list":
        list_pages(sys.argv[2])
    tree.finish(check(sys.argv[-1]), "links that lead nowhere")
