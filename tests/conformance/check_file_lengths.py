"""Reports files that have grown long. A smell, not a law: it never fails.

usage: check_file_lengths.py ROOT
"""

import pathlib
import sys

import tree

LIMIT = 400


def main():
    root = pathlib.Path(sys.argv[1])
    sizes = [(len((root / name).read_text(encoding="utf-8").splitlines()), name)
             for name in tree.files(root, "*.h", "*.hpp", "*.c", "*.cpp", "*.py", "*.mjs")]
    longer = sorted((entry for entry in sizes if entry[0] > LIMIT), reverse=True)
    for size, name in longer:
        print(f"{name}: {size} lines")
    print(f"{len(longer)} of {len(sizes)} files are longer than {LIMIT} lines")


if __name__ == "__main__":
    main()
