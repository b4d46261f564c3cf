"""Starts one command and says what it cost. It holds little: no command's memory is told as less than its starter's."""

import json
import os
import sys
import time


def main(report: int, *command: str) -> int:
    os.set_inheritable(report, False)  # noqa: FBT003 - as the function has it
    started = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(process, 0)  # its own figures, and those of its children that it awaited
    cost = {
        "wall": time.perf_counter() - started,
        "cpu": used.ru_utime + used.ru_stime,
        "mib": used.ru_maxrss / 1024,  # which counts kibibytes
        "code": os.waitstatus_to_exitcode(status),
    }
    os.write(report, json.dumps(cost).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
