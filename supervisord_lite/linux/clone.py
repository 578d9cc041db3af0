"""clone3(2): forking a child whose parent is one's own parent, in one step."""

import ctypes
import os
import struct

_SYS_CLONE3 = 435  # the same on every architecture
_CLONE_PARENT = 0x00008000
_CLONE_INTO_CGROUP = 0x200000000
_ARGUMENTS = struct.Struct("11Q")

# The interpreter's lock is kept across the call: the child has only this thread, and must find it held.
_libc = ctypes.PyDLL(None, use_errno=True)


def fork_for_parent(cgroup: int | None) -> int:
    """fork(2), but the child is a child of this process's parent.

    It is born into the control group whose directory this descriptor is, where one is given: joining a group
    later makes the kernel wait for a grace period of ten milliseconds or more. Returns the child's pid, and 0
    in the child. The C library does not notice: until it has called execve(2), the child may do nothing that
    involves threads. Raises `OSError`; ENOSYS or EPERM where the kernel or a filter does not have the call.
    """
    flags = _CLONE_PARENT | (0 if cgroup is None else _CLONE_INTO_CGROUP)
    arguments = _ARGUMENTS.pack(flags, *[0] * 9, cgroup or 0)
    pid: int = _libc.syscall(_SYS_CLONE3, arguments, len(arguments))
    if pid < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return pid
