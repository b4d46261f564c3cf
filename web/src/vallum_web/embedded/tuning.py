"""Settings of the embedded server."""

import os
from collections.abc import Mapping
from pathlib import Path

MEGABYTE = 1024 * 1024
LARGEST_CACHE = 1024 * MEGABYTE
SMALLEST_CACHE = 64 * MEGABYTE
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory() -> int:
    """Bytes this machine or container may use."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _CGROUP_LIMITS:
        try:
            limits.append(int(path.read_text("ascii")))
        except (OSError, ValueError):  # absent, or the word "max"
            continue
    return min(limits)


def settings(socket: Path, *, durable: bool, extra: Mapping[str, str], memory_bytes: int) -> dict[str, str]:
    """What the server is started with, in order of the names."""
    cache = min(max(memory_bytes // 4, SMALLEST_CACHE), LARGEST_CACHE) // MEGABYTE
    chosen = {
        "listen_addresses": "",  # a Unix socket and nothing else
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",
        "max_connections": "60",
        "shared_buffers": f"{cache}MB",
        "jit": "off",
        "max_wal_size": "2GB",
        "wal_compression": "off",  # pglz takes a quarter of the time of a large import to make the log smaller
        "random_page_cost": "1.1",
        "idle_in_transaction_session_timeout": "60s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %u@%d ",
        # Statements hold what people sent, and so does the detail of an error: neither is for a log.
        "log_min_duration_statement": "-1",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "logging_collector": "off",  # standard error is a file of ours, rotated by the supervisor
    }
    if not durable:
        chosen |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": f"{min(cache, 128)}MB",
            "max_wal_size": "512MB",
        }
    return dict(sorted((chosen | dict(extra)).items()))
