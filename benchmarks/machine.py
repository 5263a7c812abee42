"""Programs under test on this machine: starts and pins them, reads their figures from /proc, ends them by pid, and
describes the machine. Nothing is left running, however the script ends: main() of each script calls guarded()."""
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROXY_CORE, LOAD_CORE = 0, 1

running = []


def say(text):
    print(text, file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def children(pid):
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def threads(pid):
    return [int(t) for t in os.listdir(f"/proc/{pid}/task")]


class Process:
    """One program of ours, pinned; its whole process tree is measured, and ended by pid."""

    def __init__(self, command, core, log, cwd):
        self.process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=subprocess.STDOUT, cwd=cwd, start_new_session=True)
        running.append(self)

    def pids(self):
        top = self.process.pid
        return [top, *children(top)]

    def pin(self, core):
        for pid in self.pids():
            for thread in threads(pid):
                os.sched_setaffinity(thread, {core})

    def cpu_ns(self):
        """CPU time of all threads, user and system, in nanoseconds."""
        return sum(int(Path(f"/proc/{pid}/task/{t}/schedstat").read_text().split()[0])
                   for pid in self.pids() for t in threads(pid))

    def memory_kb(self):
        """RSS of the largest process (nginx: the worker, without the master), and PSS of all."""
        rss, pss = [], 0
        for pid in self.pids():
            rollup = dict(line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
            rss.append(int(rollup["Rss"].split()[0]))
            pss += int(rollup["Pss"].split()[0])
        return {"rss_kb": max(rss), "pss_kb": pss}

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                for pid in self.pids():
                    os.kill(pid, signal.SIGKILL)
                self.process.wait()
        if self in running:  # registered first, so that an interruption finds it
            running.remove(self)


def run_whole(command, seconds, **options):
    """Runs a command that starts others (a build). Ends all of them if this process is ended or it takes too long."""
    process = subprocess.Popen(list(map(str, command)), start_new_session=True, stdin=subprocess.DEVNULL, **options)
    try:
        told = process.communicate(timeout=seconds)[0]
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)  # ninja puts its compilers into separate groups, and ends them on SIGTERM
        process.wait()
        raise
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(map(str, command))}\n{(told or b'').decode(errors='replace')[-4000:]}")
    return told


def guarded(what, minutes):
    """Returns what `what` returns. Raises the limit of open files to the maximum, allows `minutes` at most, and ends
    whatever is still running."""
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("two cores are needed: one for the proxy, one for load and origin")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536, hard))
    ends = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    for number in ends:
        signal.signal(number, lambda given, _: sys.exit(128 + given))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"not done within {minutes} minutes: given up"))
    signal.alarm(60 * minutes)
    try:
        return what()
    finally:
        signal.alarm(0)
        for number in ends:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not interrupt the cleanup
        for process in list(running):
            process.stop()
        for number in ends:
            signal.signal(number, signal.SIG_DFL)


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout.strip()


def about_machine():
    processor = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    return {"processor": processor[1] if processor else "unknown processor", "cores": os.cpu_count(), "kernel": os.uname().release,
            "compiler": output("g++", "--version").splitlines()[0], "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}


def about_commit():
    """The commit that is checked out; all fields are empty if there is no git."""
    def git(*arguments):
        try:
            return output("git", "-C", str(ROOT), *arguments)
        except (OSError, subprocess.CalledProcessError):
            return ""

    return {"describe": git("describe", "--always", "--tags", "--dirty"), "revision": git("rev-parse", "HEAD"),
            "dirty": bool(git("status", "--porcelain"))}


def spelled(about, load_before):
    """One sentence about the machine, for the top of a table."""
    busy = " (the machine was busy: trust no latency here)" if load_before > 1 else ""
    return (f"{about['processor']}, {about['cores']} cores; Linux {about['kernel']}; {about['compiler']}; {about['when']}. "
            f"Load average before: {load_before:.1f}{busy}.")
