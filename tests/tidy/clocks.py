"""Time and chance come in through net::Clock and net::Random: no other code reads the system's."""

import re

from tree import blank, is_code, line_of

# Where the system's clock and random source are read, and where they are handed on.
READS = ("src/net/",)
HANDS_ON = ("src/tool/main.cc", "src/wiring/gateway.cc")
_SYSTEM = re.compile(r"\b(?:steady_clock|system_clock|high_resolution_clock|random_device|gettimeofday|uv_hrtime)\b|\bstd::time\(|\bclock_gettime\(\s*(\w+)")
_OURS = re.compile(r"\b(?:Clock|Random)::system\(\)")
# The process's CPU time, and the clock in which the kernel reports its start.
_OF_THE_PROCESS = {"CLOCK_PROCESS_CPUTIME_ID", "CLOCK_BOOTTIME"}


def check(tree):
    for path, text in tree.items():
        if not path.startswith("src/") or not is_code(path) or path.startswith(READS):
            continue
        code = blank(text)
        for match in _SYSTEM.finditer(code):
            if path not in HANDS_ON[:1] and match.group(1) not in _OF_THE_PROCESS:
                yield f"{path}:{line_of(code, match.start())}: '{match.group()}' instead of the loop's clock or random source"
        if path not in HANDS_ON:
            for match in _OURS.finditer(code):
                yield f"{path}:{line_of(code, match.start())}: '{match.group()}' is for {' and '.join(HANDS_ON)} to hand on"
