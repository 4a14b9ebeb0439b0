"""A public package's side in a contest: does its work as often as it is told.

Usage: entrant.py SCRIPT FUNCTION INPUTS THREADS. FUNCTION(inputs, threads) in SCRIPT reads the files in the folder `inputs` and
gives two functions: one that does the work, and one that turns its result into the answer, an array. The lines
of text that come and go are described in shared/rivals/src/process.rs.
"""

import importlib.util
import json
import os
import pathlib
import resource
import sys
import time

# What packages print must not mix with the replies.
replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def reply(**fields):
    print(json.dumps(fields), file=replies, flush=True)


def memory(field):
    """Memory of this process in bytes, where the system tells."""
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith(field):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def forget_peak():
    try:
        with open("/proc/self/clear_refs", "w") as peak:
            peak.write("5")
    except OSError:
        return None
    return memory("VmRSS:")


def cpu_seconds():
    """Of this process and of those that it started and that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def version(module):
    """The versions of the packages that a script says it uses."""
    from importlib.metadata import version as of

    return ", ".join(f"{name} {of(name)}" for name in module.PACKAGES)


def main():
    script, function, inputs, threads = sys.argv[1:]
    try:
        spec = importlib.util.spec_from_file_location("rival", script)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        call, answer = getattr(module, function)(pathlib.Path(inputs), int(threads))
        ready = version(module)
    except ImportError as fault:
        return reply(missing=str(fault))
    except Exception as fault:
        return reply(failed=f"{type(fault).__name__}: {fault}")
    reply(ready=ready)

    import numpy

    last = None
    for line in sys.stdin:
        order, argument = line.rstrip("\n").split(" ", 1)
        try:
            if order == "call":
                times = int(argument)
                resident = forget_peak()
                wall, cpu = time.perf_counter(), cpu_seconds()
                for _ in range(times):
                    last = call()
                wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
                reply(wall_seconds=wall / times, cpu_seconds=cpu / times, resident=resident, peak=memory("VmHWM:"))
            else:
                numpy.save(argument, numpy.asarray(answer(last), dtype=numpy.float64))
                reply(answered=True)
        except Exception as fault:
            reply(failed=f"{type(fault).__name__}: {fault}")


main()
