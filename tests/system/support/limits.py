"""Limits for the other tests: all their clients are one address and in a hurry. A test of limits sets its own."""

import pathlib
import re

_ROWS = pathlib.Path(__file__).resolve().parents[3] / "auth/common/limiter.h"
LIMITS = re.findall(r"LIMIT_SETTING_\(o, ([A-Z_]+), ([A-Z]+),", _ROWS.read_text(encoding="utf-8"))
ROOMY = {f"AUTH_LIMIT_{what}_{kind}": "1000000/1s" for what, kind in LIMITS} | {"AUTH_LIMIT_BACKOFF": "0"}
