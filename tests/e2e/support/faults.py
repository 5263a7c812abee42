"""The faults of targets: those of the demo, selected by model names (docs/demo.md), and unused ports."""

import socket

# What the caller gets: the whole answer, from the first target or the next; or an error, after part of the answer or
# none.
WHOLE, ERROR = "whole", "error"
# fault, result if streamed, result if plain
FAULTS = [
    ("nobody", WHOLE, WHOLE),
    ("no-tls", WHOLE, WHOLE),
    ("401", WHOLE, WHOLE),
    ("402", WHOLE, WHOLE),
    ("403", WHOLE, WHOLE),
    ("spend-limit", WHOLE, WHOLE),
    ("429", WHOLE, WHOLE),
    ("429-then-ok", WHOLE, WHOLE),
    ("429-retry-after-1s", WHOLE, WHOLE),
    ("429-retry-after-60s", WHOLE, WHOLE),
    ("500", WHOLE, WHOLE),
    ("500-then-ok", WHOLE, WHOLE),
    ("503", WHOLE, WHOLE),
    ("529", WHOLE, WHOLE),
    ("reset", WHOLE, WHOLE),
    ("silent", WHOLE, WHOLE),
    ("silent-after-head", WHOLE, WHOLE),
    ("slow-first-byte-30s", WHOLE, WHOLE),
    ("web-page", WHOLE, WHOLE),
    ("error-in-200", WHOLE, WHOLE),
    ("cut-after-0", WHOLE, WHOLE),
    ("cut-after-4", WHOLE, WHOLE),
    ("end-after-4", WHOLE, WHOLE),
    ("error-after-4", WHOLE, WHOLE),
    ("stall-after-4", WHOLE, WHOLE),
    ("cut-json", WHOLE, WHOLE),
    ("short-json", WHOLE, WHOLE),
    ("cut-in-tool", ERROR, WHOLE),  # streamed: or whole, if nothing of the call has reached the caller
    ("bad-frame", WHOLE, WHOLE),
    ("no-done", WHOLE, WHOLE),
    ("hold-open", WHOLE, WHOLE),
    ("400", ERROR, ERROR),  # the caller has to fix these
    ("404", ERROR, ERROR),
]

TIMEOUTS = {"connect_s": 2, "first_byte_s": 1, "response_s": 1.5, "stream_idle_s": 1}


def providers(dialects):
    """One for each fault and dialect, so that each has separate health, and a healthy one for each dialect."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    made = {}
    for dialect in dialects:
        demo = {"base_url": "demo:", "dialect": dialect, "timeouts": TIMEOUTS}
        for fault, _, _ in FAULTS:
            at = f"{dialect}-{fault}"
            made[at] = demo
            if fault == "nobody":
                made[at] = {**demo, "base_url": f"http://127.0.0.1:{nobody}"}
            elif fault == "no-tls":
                made[at] = {**demo, "base_url": f"https://127.0.0.1:{nobody}"}
        made[f"{dialect}-well"] = {"base_url": "demo:", "dialect": dialect}
    return made


def one_target(dialect, fault):
    return {"targets": [{"model": f"{dialect}-{fault}/{fault}"}], "breaker": {"failures": 0}}


def two_targets(dialect, fault):
    """The second one is healthy."""
    alone = one_target(dialect, fault)
    return {**alone, "targets": [*alone["targets"], {"model": f"{dialect}-well/fine"}], "order": "listed"}
