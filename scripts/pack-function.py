#!/usr/bin/env python3
"""Packs a function for Lambda: pack-function.py ARCHIVE PROGRAM [FILE...]

The program becomes `bootstrap`; files keep their names. Equal files give an equal archive, whatever their times.
"""

import os
import sys
import zipfile

archive, program, *files = sys.argv[1:]
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
    for name, path in [("bootstrap", program), *((os.path.basename(path), path) for path in files)]:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o755 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        with open(path, "rb") as file:
            packed.writestr(entry, file.read())
