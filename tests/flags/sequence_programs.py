"""The part of the sequence that is about programs: from the first step of the wizard to the end."""

from typing import Any

from tests.endpoints.asking import Answer, Asking
from tests.endpoints.programs.steps import day, review
from tests.flags.recording import Recorder
from tests.flags.stage import Server
from tests.programs import catalogue as library

TODAY = "2026-03-04"
UNKNOWN_UUID = "00000000-0000-4000-8000-000000000000"
DAYS = [library.MONDAY, library.WEDNESDAY]
WISH: dict[str, Any] = {"goals": [library.STRESS], "duration": "2 weken", "daysOfWeek": DAYS}


class Steps:
    """What one person asks of programs."""

    def __init__(self, recorder: Recorder, who: Asking) -> None:
        self._recorder, self._who = recorder, who

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Any request."""
        return await self._recorder.ask(self._who, method, path, **options)

    async def post(self, path: str = "programs", **body: Any) -> Any:
        """Make something; what was answered, if it was made."""
        answer = await self.ask("POST", path, json=body)
        return answer.body["data"] if answer.status in (200, 201) else None

    async def patch(self, program: str, **body: Any) -> None:
        """Change a program, and look at it."""
        await self.ask("PATCH", f"programs/{program}", json=body)
        await self.detail(program)

    async def detail(self, program: str) -> Any:
        """A program as its page sees it."""
        return (await self.ask("GET", f"programs/{program}")).body.get("data")

    async def listed(self) -> None:
        """All programs."""
        await self.ask("GET", "programs")

    async def edit(self, program: str, session: str, **body: Any) -> None:
        """Edit a session."""
        await self.ask("PATCH", f"programs/{program}/schedule/{session}", json=body)

    async def do(self, method: str, key: str | None = None, **where: str) -> None:
        """Do a method."""
        body = {"userId": self._who.id, "methodId": method, **where}
        headers = {"idempotency-key": key} if key else {}
        await self.ask("POST", "method-usage", json=body, headers=headers)


async def programs(recorder: Recorder, server: Server) -> None:
    """Everything under /api/programs."""
    ann, bob = Steps(recorder, server.ann), Steps(recorder, server.bob)
    await _refused(ann)
    by_hand = await _by_hand(ann)
    await _foreign(bob, by_hand)
    await _followed(ann, by_hand)
    await _planned_anew(ann, by_hand)
    await _extended(ann, by_hand)
    await _deleted(ann, bob, by_hand)
    await _long_ago(ann)
    await _confirmed(ann)
    await _generated(ann)
    await ann.ask("GET", "rewards")


async def _refused(ann: Steps) -> None:
    await ann.listed()
    await ann.post(duration="2 weken")
    await ann.post(startDate="2026-02-30", duration="2 weken")
    await ann.post(startDate="2026-03-02", duration="veel")
    await ann.post(startDate="2026-03-02", duration="2 weken", goals=[library.UNKNOWN])
    await ann.post(startDate="2026-03-02", duration="2 weken", methods="recMethBreathe001")
    for program in (UNKNOWN_UUID, library.UNKNOWN, "nonsense"):
        await ann.detail(program)
        await ann.ask("GET", f"programs/{program}/methods")
        await ann.ask("DELETE", f"programs/{program}")


async def _by_hand(ann: Steps) -> str:
    """The wizard: a draft that becomes a program step by step."""
    draft = await ann.post(startDate="2026-03-02", duration="1 week")
    await ann.post(startDate="2026-03-16", duration="3 weken")
    await ann.detail(draft["id"])
    program = str((await ann.post(startDate="2026-03-02", duration="2 weken"))["id"])
    await ann.detail(draft["id"])
    await ann.patch(program)
    await ann.patch(program, goals=[library.STRESS, library.FOCUS])
    await ann.ask("GET", f"programs/{program}/methods")
    await ann.post(startDate="2026-03-09", duration="1 week")
    await ann.patch(program, daysOfWeek=[library.FRIDAY, library.WEDNESDAY])
    await ann.patch(program, methods=[library.SCAN, library.BREATHE, library.WALK])
    await ann.ask("GET", f"programs/{program}/methods")
    await ann.patch(program, overtuigingen=[library.REST, library.CAN], notes=" Rustig aan\n")
    await ann.patch(program, notes=None, goals=[library.UNKNOWN])
    await ann.patch(program, notes="", overtuigingen=[library.CAN])
    await ann.patch(program, methods=[])
    await ann.patch(program, methods=[library.WRITE, library.BREATHE])
    await ann.listed()
    return program


async def _foreign(bob: Steps, program: str) -> None:
    await bob.listed()
    await bob.patch(program, notes="Van mij")
    await bob.ask("GET", f"programs/{program}/methods")
    await bob.post(f"programs/{program}/extend")
    await bob.post(f"programs/{program}/regenerate-schedule", daysOfWeek=DAYS)
    await bob.edit(program, UNKNOWN_UUID, methods=[library.WALK])
    await bob.do(library.WALK, programId=program)
    await bob.ask("GET", "method-usage/by-program", params={"programId": program})
    await bob.ask("DELETE", f"programs/{program}")


async def _followed(ann: Steps, program: str) -> None:
    sessions = [session["id"] for session in (await ann.detail(program))["schedule"]]
    first, second, *_, last = sessions
    await ann.do(library.SCAN, programmaplanningId=first)
    await ann.detail(program)
    await ann.do(library.BREATHE, programmaplanningId=first, programId=program)
    await ann.do(library.WALK, programId=program)
    await ann.do(library.WALK, programId=UNKNOWN_UUID)
    await ann.do(library.SCAN, "followed", programmaplanningId=first)
    await ann.do(library.BREATHE, "followed")
    await ann.do(library.UNKNOWN, "followed", programId=UNKNOWN_UUID)
    await ann.listed()
    await ann.ask("GET", "method-usage/by-program", params={"programId": program})
    await ann.edit(program, first, methods=[library.WALK])
    await ann.edit(program, UNKNOWN_UUID, methods=[library.WALK])
    await ann.edit(program, last, methods=[library.UNKNOWN])
    await ann.edit(program, last, methods=[])
    await ann.edit(
        program, last, methods=[library.WALK, library.WALK, library.SCAN], notes="Buiten"
    )
    await ann.edit(program, last, methods=[library.WALK], goals=[library.SLEEP])
    await ann.edit(program, last, methods=[library.BREATHE], goals=[], notes=None)
    await ann.do(library.BREATHE, programmaplanningId=second)
    award = {"activityType": "programMilestone", "programId": program, "milestone": 50}
    await ann.post("rewards/award", **award)
    await ann.post("rewards/award", **award)
    await ann.detail(program)


async def _planned_anew(ann: Steps, program: str) -> None:
    path = f"programs/{program}/regenerate-schedule"
    await ann.post(path, daysOfWeek=[])
    await ann.post(path, daysOfWeek=[library.UNKNOWN])
    await ann.post(path, daysOfWeek=DAYS)
    await ann.post(path, daysOfWeek=DAYS, goals=[library.SLEEP], force=True)
    await ann.detail(program)
    await ann.post(path, daysOfWeek=[library.SUNDAY], regenerateMethod="ai", force=True)
    await ann.detail(program)
    await ann.ask("GET", "method-usage/by-program", params={"programId": program})


async def _extended(ann: Steps, program: str) -> None:
    path = f"programs/{program}/extend"
    await ann.post(path, weeks=0)
    await ann.post(path, weeks=2)
    await ann.post(path)
    await ann.detail(program)
    await ann.post(path, weeks=52)
    await ann.post(path, weeks=52)
    await ann.post(startDate="2026-04-06", duration="1 week", goals=[library.STRESS])
    await ann.listed()


async def _deleted(ann: Steps, bob: Steps, program: str) -> None:
    await ann.ask("DELETE", f"programs/{program}")
    await ann.ask("DELETE", f"programs/{program}")
    await ann.detail(program)
    await ann.ask("GET", "method-usage/by-program", params={"programId": program})
    await ann.do(library.SCAN, "followed", programId=program)
    for person in (ann, bob):
        await person.listed()
        await person.ask("GET", "rewards")


async def _confirmed(ann: Steps) -> None:
    path = "programs/confirm"
    await ann.post(path, **review(duration="1 week", editedSchedule=[]))
    await ann.post(path, **review(editedSchedule=[day("2027-01-01", library.WALK)]))
    await ann.post(path, **review(editedSchedule=[day("2026-03-09")]))
    stored = await ann.post(
        path,
        **review(
            programName="<b>Rust</b> & Kracht",
            programSummary="Kort\nen krachtig",
            overtuigingen=[library.CAN],
            customOvertuigingen=["Ik leer", "  ", " Ik groei "],
            selectedGoedeGewoontes=[{"goedeGewoonteId": library.STRETCH}],
        ),
    )
    await ann.post(path, **review(customOvertuigingen=["Ik ben te laat"]))
    program = stored["program"]["id"]
    await ann.detail(program)
    await ann.ask("GET", "methods/habits")
    beliefs = await ann.ask("GET", "persoonlijke-overtuigingen")
    own = beliefs.body["data"][0]["id"]
    await ann.ask("PATCH", f"persoonlijke-overtuigingen/{own}", json={"status": "Afgerond"})
    await ann.patch(program, methods=[library.WALK], daysOfWeek=[library.FRIDAY])
    await ann.post(f"programs/{program}/extend", weeks=1)
    await ann.ask("DELETE", f"programs/{program}")
    await ann.ask("GET", "persoonlijke-overtuigingen")


async def _generated(ann: Steps) -> None:
    for path in ("programs/preview", "programs/generate"):
        await ann.post(path, startDate="2026-03-09", **{**WISH, "daysOfWeek": []})
        await ann.post(path, startDate="2026-03-09", **{**WISH, "goals": [library.UNKNOWN]})
    await ann.post("programs/preview", startDate="2026-03-09", **WISH)
    made = await ann.post("programs/generate", startDate="2026-03-09", **WISH)
    await ann.post("programs/generate", startDate="2026-03-16", **WISH)
    program = made["program"]["id"]
    await ann.detail(program)
    again = {"daysOfWeek": [library.TUESDAY], "regenerateMethod": "ai"}
    await ann.post(f"programs/{program}/regenerate-schedule", **again)
    await ann.detail(program)
    await ann.listed()


async def _long_ago(ann: Steps) -> None:
    """A program that has ended goes on after a gap, to a day that no number of weeks tells."""
    wish = {**WISH, "methods": [library.WALK], "duration": "1 week"}
    ended = await ann.post(startDate="2026-01-08", **wish)
    running = await ann.post(startDate="2026-01-05", **wish)
    await ann.listed()
    await ann.post(f"programs/{ended['id']}/extend", weeks=1)
    await ann.detail(ended["id"])
    await ann.do(library.WALK, programId=ended["id"])
    await ann.patch(ended["id"], notes="Verder")
    await ann.post(startDate="2026-03-10", **wish)
    after = await ann.post(startDate="2026-03-11", **wish)
    await ann.listed()
    for program in (ended, running, after):
        await ann.ask("DELETE", f"programs/{program['id']}")
    await ann.listed()
