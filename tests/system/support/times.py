"""Times as the programs write them: RFC 3339 in JSON, ms since 1970 UTC in tests."""

import datetime
import re
import time

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def now_ms():
    return int(time.time() * 1000)


def parse_time(text):
    """ "2026-01-02T03:04:05.000Z" as ms; anything that is not exactly this form raises."""
    if not _FORM.fullmatch(text):
        raise ValueError(f"not a time as the programs write it: {text!r}")
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def format_time(ms):
    moment = datetime.datetime.fromtimestamp(ms // 1000, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def as_datetime(ms):
    return datetime.datetime.fromtimestamp(ms // 1000, datetime.UTC) + datetime.timedelta(milliseconds=ms % 1000)
