"""How the C library hands memory back to the system: less eagerly, for the sake of speed."""

import ctypes
import sys

# The numbers of glibc's <malloc.h>.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEPT = 512 * 2**20
_LARGEST_REUSED = 32 * 2**20  # the most that glibc takes for this threshold


def keep_freed_memory() -> None:
    """Have glibc keep freed memory for the next step instead of handing it back.

    A step frees what it allocated and the next allocates it again. In a thread with an arena of
    its own glibc gives it back to the system in between, and every page of it is a fault: up to
    2,500 a step of the digits convnet were seen. So threads started from now on share the main
    arena, and that keeps what it has. Elsewhere than on Linux with glibc this does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    mallopt(_ARENA_MAX, 1)
    mallopt(_MMAP_THRESHOLD, _LARGEST_REUSED)
    mallopt(_TRIM_THRESHOLD, _KEPT)
