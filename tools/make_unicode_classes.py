#!/usr/bin/env python3
"""Writes src/tokenizer/unicode_classes_generated.h: the code points that the split patterns tell apart.

    python3 -m venv V && V/bin/pip install unicodedata2==16.0.0 && V/bin/python tools/make_unicode_classes.py

The version of Unicode must be the one of the regular expressions in Hugging Face's `tokenizers`;
tests/integration/training/test_tokenizer_differential.py compares every code point with them.
"""

from pathlib import Path

import unicodedata2 as unicode

VERSION = "16.0.0"
TARGET = Path(__file__).resolve().parent.parent / "src/tokenizer/unicode_classes_generated.h"

LETTER, NUMBER, SPACE, WORD, PRINTABLE = 1, 2, 4, 8, 16
WHITE_SPACE = {*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
# Alphabetic symbols (circled and squared letters) and the two joiners: the part of \w that the
# general category does not tell.
OTHER_WORD = {*range(0x24B6, 0x24EA), *range(0x1F130, 0x1F14A), *range(0x1F150, 0x1F16A),
              *range(0x1F170, 0x1F18A), 0x200C, 0x200D}


def class_of(code_point):
    if 0xD800 <= code_point <= 0xDFFF:
        return 0
    category = unicode.category(chr(code_point))
    bits = 0
    if category[0] == "L":
        bits |= LETTER
    if category[0] == "N":
        bits |= NUMBER
    if code_point in WHITE_SPACE:
        bits |= SPACE
    if category[0] in "LM" or category in ("Nd", "Nl", "Pc") or code_point in OTHER_WORD:
        bits |= WORD
    if code_point == 0x20 or category[0] not in "CZ":
        bits |= PRINTABLE
    return bits


def ranges():
    first, bits = 0, class_of(0)
    for code_point in range(1, 0x110001):
        following = class_of(code_point) if code_point < 0x110000 else None
        if following != bits:
            if bits:
                yield first, code_point - 1, bits
            first, bits = code_point, following


def main():
    assert unicode.unidata_version == VERSION, unicode.unidata_version
    rows = [f"{{0x{first:X}, 0x{last:X}, {bits}}}" for first, last, bits in ranges()]
    lines = [", ".join(rows[at:at + 4]) + "," for at in range(0, len(rows), 4)]
    TARGET.write_text(f"""#pragma once

// Written by tools/make_unicode_classes.py from Unicode {VERSION}; do not edit.

#include <array>
#include <cstdint>

namespace liquid::tokenizer {{

struct ClassRange {{
  char32_t first;
  char32_t last;
  std::uint8_t bits;  // 1 letter, 2 number, 4 white space, 8 word, 16 printable
}};

// clang-format off
inline constexpr std::array<ClassRange, {len(rows)}> kClassRanges{{{{
""" + "\n".join(lines) + """
}};
// clang-format on

}  // namespace liquid::tokenizer
""", encoding="utf-8")


if __name__ == "__main__":
    main()
