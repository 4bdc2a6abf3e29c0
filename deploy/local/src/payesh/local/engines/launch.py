"""Run one command that cannot outlive the process that started it.

Run as a script: ``launch.py SIGNAL PARENT_PID USER|- COMMAND...``. A program of its own rather
than a ``preexec_fn``, which may deadlock in a parent with threads. It imports nothing but the
standard library, and is replaced by the command.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    death_signal, parent_pid, user = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    command = sys.argv[4:]
    if user != "-":
        import pwd

        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    if sys.platform == "linux":
        # After the change of user: the kernel clears this setting when credentials change.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent_pid:  # it died before the line above
            os.kill(os.getpid(), signal.SIGKILL)
    os.execv(command[0], command)  # noqa: S606 - a list, no shell


if __name__ == "__main__":
    main()
