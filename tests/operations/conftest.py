"""
What operators rely on: the pipeline, the scripts of a release, docs/OPERATIONS.md, backup and restore.

    ./dev test operations

Servers and clients are those of the system tests (tests/system/support).
Environment: PETTRACK_BUILD (the build to test; build/), PETTRACK_HELM (helm; the one on PATH).
"""

import logging
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
logging.getLogger("kafka").setLevel(logging.CRITICAL)  # a broker that is away is what some tests want
