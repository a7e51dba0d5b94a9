"""The sequence: every flagged endpoint, with what goes right, what is refused, and who may not."""

from typing import Any

from tests.flags.recording import Recorder
from tests.flags.sequence_programs import programs
from tests.flags.stage import Server
from tests.programs import catalogue as library

CONTENT_IDS = {
    value for value in vars(library).values() if isinstance(value, str) and value.startswith("rec")
}
TODAY, YESTERDAY = "2026-03-04", "2026-03-03"
UNKNOWN_UUID = "00000000-0000-4000-8000-000000000000"


async def without_programs(recorder: Recorder, server: Server) -> None:
    """What people do every day."""
    await _habits(recorder, server)
    await _goals(recorder, server)
    await _beliefs(recorder, server)
    await _methods(recorder, server)
    await _rewards(recorder, server)


async def everything(recorder: Recorder, server: Server) -> None:
    """All of it."""
    await _content(recorder, server)
    await without_programs(recorder, server)
    await programs(recorder, server)


async def _content(recorder: Recorder, server: Server) -> None:
    ann = server.ann
    for path in ("methods", "goals", "days", "overtuigingen", "mindset-categories"):
        await recorder.ask(ann, "GET", path)
    await recorder.ask(ann, "GET", "methods/habits")
    for method in (library.BREATHE, library.WRITE, library.UNKNOWN, "nonsense"):
        await recorder.ask(ann, "GET", f"methods/{method}")
    for goals in (library.STRESS, f"{library.FOCUS},{library.STRESS}", ",", "nonsense"):
        await recorder.ask(ann, "GET", "overtuigingen/by-goals", params={"goalIds": goals})
    await recorder.ask(ann, "GET", "overtuigingen/by-goals")


async def _habits(recorder: Recorder, server: Server) -> None:
    ann, bob = server.ann, server.bob

    async def tick(**body: Any) -> None:
        await recorder.ask(ann, "POST", "habit-usage", json={"userId": ann.id, **body})

    async def untick(**query: Any) -> None:
        await recorder.ask(ann, "DELETE", "habit-usage", params={"userId": ann.id, **query})

    async def ticked(who: Any = ann, day: str = TODAY) -> None:
        await recorder.ask(who, "GET", "habit-usage", params={"date": day})

    await ticked()
    await tick(goedeGewoonteId=library.WATER, date=TODAY)
    await tick(goedeGewoonteId=library.WATER, date=TODAY)
    await tick(methodId=library.READ, date=TODAY)
    await tick(goedeGewoonteId=library.STRETCH, date=YESTERDAY)
    await tick(goedeGewoonteId=library.UNKNOWN, date=TODAY)
    await tick(goedeGewoonteId=library.WATER, date="2026-01-01")
    await tick(goedeGewoonteId="nonsense", date=TODAY)
    await tick(date=TODAY)
    await recorder.ask(
        bob,
        "POST",
        "habit-usage",
        json={"userId": ann.id, "goedeGewoonteId": library.WATER, "date": TODAY},
    )
    for who in (ann, bob):
        await ticked(who)
    await ticked(day=YESTERDAY)
    await untick(goedeGewoonteId=library.READ, date=TODAY)
    await untick(goedeGewoonteId=library.READ, date=TODAY)
    await untick(goedeGewoonteId=library.UNKNOWN, date=TODAY)
    await ticked()
    await tick(goedeGewoonteId=library.READ, date=TODAY)
    await ticked()
    await ticked(day="2026-02-31")


async def _goals(recorder: Recorder, server: Server) -> None:
    ann, bob = server.ann, server.bob

    async def listed(who: Any = ann, **query: Any) -> None:
        await recorder.ask(who, "GET", "personal-goals", params=query)

    async def change(goal: str, who: Any = ann, **body: Any) -> None:
        await recorder.ask(who, "PATCH", f"personal-goals/{goal}", json=body)

    async def complete(goal: str, day: str = TODAY, key: str | None = None) -> None:
        await recorder.ask(
            ann,
            "POST",
            "personal-goal-usage",
            json={"userId": ann.id, "personalGoalId": goal, "date": day},
            headers={"idempotency-key": key} if key else {},
        )

    async def counts(day: str = TODAY) -> None:
        await recorder.ask(ann, "GET", "personal-goal-usage", params={"date": day})

    async def add(**body: Any) -> str:
        answer = await recorder.ask(ann, "POST", "personal-goals", json=body)
        return str(answer.body["data"]["id"]) if answer.status == 201 else ""

    await listed()
    first = await add(
        name="Meer lachen", description="Elke dag", scheduleDays=["Vrijdag", "Maandag"]
    )
    second = await add(name="  Vroeg slapen ")
    await add(name="   ")
    await add(name="Plan", scheduleDays=["Zaterdag", "Feestdag"])
    cleared = await add(name="Zonder plan", scheduleDays=[])
    await listed()
    await listed(bob)
    await change(first, name="Vaker lachen", description=None)
    await change(first)
    await change(first, scheduleDays=[])
    await change(first, bob, name="Van mij")
    await change(UNKNOWN_UUID, name="Niemand")
    await change(cleared, scheduleDays=["Zondag"])
    await complete(first)
    await complete(first)
    await complete(first, YESTERDAY)
    await complete(second, key="eens")
    await complete(second, key="eens")
    await complete(UNKNOWN_UUID)
    await complete(first, "2026-01-01")
    await counts()
    await counts(YESTERDAY)
    await change(second, status="Voltooid")
    await complete(second)
    await listed()
    await listed(include="voltooid")
    await change(second, status="Actief")
    await recorder.ask(ann, "DELETE", f"personal-goals/{first}")
    await recorder.ask(ann, "DELETE", f"personal-goals/{first}")
    await recorder.ask(bob, "DELETE", f"personal-goals/{second}")
    await change(first, name="Weer")
    await complete(first)
    await counts()
    for number in range(9):
        await add(name=f"Doel {number}")
    await change(second, status="Verwijderd")
    await add(name="Nog een")
    await listed()


async def _beliefs(recorder: Recorder, server: Server) -> None:
    ann, bob = server.ann, server.bob

    async def complete(belief: str, **more: Any) -> None:
        body = {"userId": ann.id, "overtuigingId": belief, "date": TODAY, **more}
        await recorder.ask(ann, "POST", "overtuiging-usage", json=body)

    async def done() -> None:
        await recorder.ask(ann, "GET", "overtuiging-usage")

    async def own(who: Any = ann) -> None:
        await recorder.ask(who, "GET", "persoonlijke-overtuigingen")

    async def change(belief: str, who: Any = ann, **body: Any) -> None:
        await recorder.ask(who, "PATCH", f"persoonlijke-overtuigingen/{belief}", json=body)

    await done()
    await complete(library.REST)
    await complete(library.REST)
    await complete(library.UNKNOWN)
    await complete(library.CAN, programId=UNKNOWN_UUID)
    await done()
    added = await recorder.ask(
        ann, "POST", "persoonlijke-overtuigingen", json={"name": " Ik groei "}
    )
    belief = added.data["id"]
    await recorder.ask(ann, "POST", "persoonlijke-overtuigingen", json={"name": " "})
    await own()
    await own(bob)
    await change(belief, status="Afgerond")
    await change(belief, status="Afgerond")
    await change(belief, name="Ik groei elke dag")
    await change(belief, status="Actief")
    await change(belief, status="Afgerond")
    await change(belief)
    await change(belief, bob, name="Van mij")
    await own()
    await recorder.ask(bob, "DELETE", f"persoonlijke-overtuigingen/{belief}")
    await recorder.ask(ann, "DELETE", f"persoonlijke-overtuigingen/{belief}")
    await recorder.ask(ann, "DELETE", f"persoonlijke-overtuigingen/{belief}")
    await change(belief, name="Weer")
    await own()


async def _methods(recorder: Recorder, server: Server) -> None:
    ann, bob = server.ann, server.bob

    async def record(method: str, key: str | None = None, **more: Any) -> str:
        answer = await recorder.ask(
            ann,
            "POST",
            "method-usage",
            json={"userId": ann.id, "methodId": method, **more},
            headers={"idempotency-key": key} if key else {},
        )
        return str(answer.body["data"]["id"]) if answer.status in (200, 201) else ""

    async def remark(usage: str, text: str, who: Any = ann) -> None:
        await recorder.ask(who, "PATCH", f"method-usage/{usage}", json={"remark": text})

    first = await record(library.BREATHE)
    await record(library.BREATHE)
    await record(library.SCAN, key="twee", remark="Rustig")
    await record(library.SCAN, key="twee", remark="Anders")
    await record(library.UNKNOWN)
    await record(library.WALK, programId=UNKNOWN_UUID)
    await record(library.WALK, programmaplanningId=UNKNOWN_UUID)
    await remark(first, "Ging goed")
    await remark(first, "")
    await remark(first, "Van mij", bob)
    await remark(UNKNOWN_UUID, "Niemand")
    await recorder.ask(ann, "GET", "method-usage/by-program", params={"programId": UNKNOWN_UUID})


async def _rewards(recorder: Recorder, server: Server) -> None:
    ann, bob = server.ann, server.bob

    async def award(**body: Any) -> None:
        await recorder.ask(ann, "POST", "rewards/award", json=body)

    for who in (ann, bob):
        await recorder.ask(who, "GET", "rewards")
    await award(activityType="method", activityId=library.SCAN, activityDate=TODAY)
    await award(activityType="method", activityId=library.SCAN, activityDate=TODAY)
    await award(activityType="habit")
    await award(activityType="programMilestone", milestone=25)
    await award(activityType="programMilestone", milestone=25, programId=UNKNOWN_UUID)
    await recorder.ask(ann, "GET", "rewards")
