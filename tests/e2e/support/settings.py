"""Settings that the build passes to the tests through the environment."""

import os
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BINARY = os.environ.get("SLUICE_BINARY", str(ROOT / "build" / "debug" / "sluice"))
SCALE = float(os.environ.get("SLUICE_E2E_SCALE", "1.0"))   # factor on the amount of work
SANITIZED = bool(os.environ.get("SLUICE_E2E_SANITIZE"))    # memory and time mean little then
PATIENCE = 8 if SANITIZED else 1                           # factor on waiting times
NODE = os.environ.get("SLUICE_E2E_NODE", str(ROOT / "build" / "e2e"))


def wait_for(condition, what, timeout_s=10.0):
    """The first true value that `condition` returns; after `timeout_s` fails and names `what`."""
    deadline = time.monotonic() + timeout_s * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {timeout_s * PATIENCE:g} s for {what}"
        time.sleep(0.01)
