"""Programs beside ours: started, watched, ended in order, and never left behind."""

import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.dev.child import Child, ChildError
from tasks.dev.console import Console
from tasks.dev.supervise import Supervisor

ROOT = Path(__file__).parent.parent.parent
OBEDIENT = "import time; print('hello', flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + OBEDIENT
PARENT = f"""
import sys, time
from tasks.dev.child import Child
child = Child("child", [sys.executable, "-c", {OBEDIENT!r}])
child.start()
child.wait_until(lambda: bool(child.lines))
print(child.pid, flush=True)
time.sleep(60)
"""
SUPERVISED = f"""
import sys
from tasks.dev.child import Child
from tasks.dev.supervise import Supervisor
supervisor = Supervisor(lambda text: print(text, flush=True))
programs = [Child(name, [sys.executable, "-c", {OBEDIENT!r}]) for name in ("first", "second")]
with supervisor.until_told_to_stop():
    supervisor.start(*programs)
    for program in programs:
        program.wait_until(lambda: bool(program.lines))
    print(*supervisor.pids.values(), flush=True)
    supervisor.watch(lambda: None)
"""


def child(name: str, program: str, log: Callable[[str], None] = lambda line: None) -> Child:
    return Child(name, [sys.executable, "-c", program], log=log)


def started(program: Child) -> Child:
    program.start()
    program.wait_until(lambda: bool(program.lines))
    return program


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def other_python(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def test_lines_come_with_the_name_of_their_program(capfd: pytest.CaptureFixture[str]) -> None:
    console = Console()
    program = started(child("talker", OBEDIENT, console.log_of("talker")))
    program.stop()
    console.say("all said")
    console.close()
    assert capfd.readouterr().out == "talker   | hello\nall said\n"


def test_a_console_that_nobody_reads_holds_nobody_up() -> None:
    reading, writing = os.pipe()
    program = (
        "from tasks.dev.console import Console\n"
        "import sys\n"
        "console = Console()\n"
        "for number in range(20000): console.say('a line of some length ' * 4)\n"
        "print('done', file=sys.stderr, flush=True)\n"
        "import os; os._exit(0)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=30,
    )
    os.close(reading)
    os.close(writing)
    assert process.stderr == b"done\n"


def test_a_program_that_ends_at_its_start_is_told_with_its_last_words() -> None:
    failing = child("failing", "raise SystemExit('no such file')")
    failing.start()
    with pytest.raises(ChildError, match="failing ended at its start: no such file"):
        failing.wait_until(lambda: False)


def test_a_program_that_never_gets_ready_is_told() -> None:
    slow = started(child("slow", OBEDIENT))
    with pytest.raises(ChildError, match="slow is not ready after"):
        slow.wait_until(lambda: False, 0.05)
    slow.kill()


def test_a_program_that_will_not_end_is_ended_by_force() -> None:
    deaf = started(child("deaf", DEAF))
    deaf.stop(0.1)
    assert deaf.status == -signal.SIGKILL


def test_programs_end_with_a_killed_parent() -> None:
    parent = other_python(PARENT)
    pid = int(first_line(parent))
    parent.kill()
    parent.wait()
    assert soon(lambda: not exists(pid))


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(end: signal.Signals) -> None:
    parent = other_python(SUPERVISED)
    pids = [int(pid) for pid in first_line(parent).split()]
    parent.send_signal(end)
    assert parent.wait(20) == 0
    assert not any(exists(pid) for pid in pids)


def test_a_program_that_ends_is_started_again() -> None:
    supervisor = Supervisor(lambda text: None)
    program = started(child("fragile", OBEDIENT))
    supervisor.start(program)
    before = supervisor.pids
    restarted = threading.Event()

    class Enough(Exception):
        pass

    def changed() -> None:
        restarted.set()
        raise Enough

    program.kill()
    with pytest.raises(Enough):
        supervisor.watch(changed)
    assert restarted.is_set()
    assert supervisor.pids != before
    supervisor.stop()


def test_a_program_that_keeps_ending_ends_the_whole() -> None:
    supervisor = Supervisor(lambda text: None)
    supervisor.start(child("hopeless", "raise SystemExit(3)"))
    with pytest.raises(ChildError, match="hopeless keeps ending"):
        supervisor.watch(lambda: None)
    supervisor.stop()


def test_what_started_last_ends_first() -> None:
    order: list[str] = []

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name
            self.pid = 1
            self.running = True

        def start(self) -> None:
            self.running = True

        def ask_to_end(self) -> None:
            order.append(self.name)
            self.running = False

        def kill(self) -> None:
            self.running = False

    supervisor = Supervisor(lambda text: None)
    supervisor.start(Named("database"))
    supervisor.start(Named("server"), Named("worker"))
    supervisor.stop()
    assert order == ["server", "worker", "database"]


def test_another_user_still_reaches_files_in_a_closed_folder(tmp_path: Path) -> None:
    me = pwd.getpwuid(os.geteuid())
    other = pwd.getpwnam("nobody") if me.pw_uid == 0 else None
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "file").write_text("inside")
    program = "import os, sys; print(os.geteuid(), open(sys.argv[1]).read())"
    file = str(tmp_path / "closed" / "file")
    reader = Child("reader", [sys.executable, "-c", program, file], user=other, environ={})
    reader.run_to_end()
    assert list(reader.lines) == [f"{(other or me).pw_uid} inside"]
