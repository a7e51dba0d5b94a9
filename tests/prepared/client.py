"""Asks the mother process for a program and stands in its place: output, signals, exit code."""

import json
import os
import signal
import socket
import sys

RELAYED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main() -> None:
    """Run a program to its end, and end as it does."""
    signal.pthread_sigmask(signal.SIG_BLOCK, RELAYED)
    with socket.socket(socket.AF_UNIX) as mother:
        mother.connect("SOCKET")
        order = {"arguments": sys.argv[1:], "environ": dict(os.environ), "folder": os.getcwd()}
        text = json.dumps(order).encode()
        socket.send_fds(mother, [len(text).to_bytes(4)], [0, 1, 2])
        mother.sendall(text)
        pid = int.from_bytes(mother.recv(4))
        for number in RELAYED:
            signal.signal(number, lambda number, frame: os.kill(pid, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, RELAYED)
        status = int.from_bytes(mother.recv(4), signed=True)
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


main()
