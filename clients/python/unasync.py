#!/usr/bin/env python3
"""Makes the synchronous client of the asynchronous one: unasync.py < _async.py > _sync.py"""

import re
import sys

REPLACEMENTS = (
    (r'^"""The asynchronous client.*', '"""The synchronous client, made of _async.py by scripts/clients.sh: do not edit."""'),
    (r"^import asyncio\n", ""),
    (r"Coroutine\[Any, Any, (.*?None)\]", r"\1"),
    (r", Coroutine\b", ""),
    (r"\bAsyncGenerator\[(\w+), None\]", r"Generator[\1, None, None]"),
    (r"\basync (def|with|for) ", r"\1 "),
    (r"\bawait ", ""),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\.asyncio\b", ".sync"),
    (r"set_async_", "set_"),
    (r"\bAsync(?=[A-Z])", ""),
    (r"\ba(?=(read|close|closing|iter_bytes)\b)", ""),
    (r"__a(enter|exit)__", r"__\1__"),
)

text = sys.stdin.read()
for pattern, replacement in REPLACEMENTS:
    text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
sys.stdout.write(text)
