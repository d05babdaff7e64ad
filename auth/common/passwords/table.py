"""Makes a C table of a list of passwords: in lower case, sorted by their bytes, in one text with an index.

usage: table.py LIST OUTPUT
"""

import sys


def quoted(word):
    """A C string whose bytes are `word`, whatever they are."""
    return '"' + "".join(chr(b) if chr(b).isalnum() and b < 128 else f"\\{b:03o}" for b in word) + '\\0"'


def main(source, output):
    with open(source, "rb") as lines:
        words = sorted({line.rstrip(b"\n").lower() for line in lines} - {b""})
    offsets, at = [], 0
    for word in words:
        offsets.append(at)
        at += len(word) + 1
    with open(output, "w", encoding="ascii") as c:
        c.write('#include "auth/common/common_passwords.h"\n\n')
        c.write("const char common_passwords[] =\n" + "\n".join(quoted(w) for w in words) + ";\n\n")
        c.write("const uint32_t common_passwords_at[] = {\n" + "\n".join(f"{o}," for o in offsets) + "\n};\n\n")
        c.write(f"const size_t common_passwords_n = {len(words)};\n")


main(*sys.argv[1:])
