"""Becomes another program that ends when its parent ends, and that need not run as root.

Called as `launch.py PARENT SIGNAL UID GID PROGRAM ARGUMENT...`; UID `-` keeps the user.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 4
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION = 0x20080522


class CapabilityHeader(ctypes.Structure):
    """First argument of capset(2)."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class CapabilityData(ctypes.Structure):
    """Second argument of capset(2): the sets of capabilities 0 to 31, then of 32 to 63."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def become_user(libc: ctypes.CDLL, uid: int, gid: int) -> None:
    """Give up root for a user who may still walk through closed folders.

    The project may lie below a folder that only root can enter, such as /root; the one capability
    kept lets the program reach its files there without opening or copying anything.
    """
    # Without this bit the capability would be lost with the user, and access(2) would ignore it.
    libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        bit = 1 << capability
        header = CapabilityHeader(CAPABILITY_VERSION, 0)
        data = (CapabilityData * 2)(CapabilityData(bit, bit, bit), CapabilityData(0, 0, 0))
        kept = libc.capset(ctypes.byref(header), ctypes.byref(data)) == 0
        if kept and libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0:
            return


def main(parent: str, end: str, uid: str, gid: str, *program: str) -> None:
    """Tie this process to its parent, change the user if asked, and become the program."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if uid != "-":
            become_user(libc, int(uid), int(gid))
        # After the change of user, which would clear it.
        libc.prctl(PR_SET_PDEATHSIG, int(end), 0, 0, 0)
    # Python ignores this one; the program must not inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if os.getppid() == int(parent):
        os.execvp(program[0], program)  # noqa: S606  # becoming another program is the purpose


if __name__ == "__main__":
    main(*sys.argv[1:])
