"""Gathering what a language model is told; nothing of it tells who the person is."""

import asyncio
from collections.abc import Sequence
from datetime import date

from msgspec import Struct, UnsetType

from api._lib.content import service as content
from api._lib.content.model import Goal, Method
from api._lib.context import Context
from api._lib.errors import bad_request, unavailable
from api._lib.programs.rules.brief import (
    Brief,
    BriefMethod,
    Earlier,
    GoalBrief,
    Instruction,
    Option,
)
from api._lib.programs.rules.calendar import TrainingDate
from api._lib.programs.service.reading import habits_goal

FIRST_LEVEL = "Niveau 1"


class Subject(Struct, frozen=True, kw_only=True):
    """What is to be planned."""

    start: date
    weeks: int
    dates: Sequence[TrainingDate]
    goals: Sequence[str]
    earlier: Earlier | None = None


async def gather(ctx: Context, subject: Subject) -> Brief:
    """Everything the request says; raises a 400 for unknown goals and a 503 without methods.

    Who plans the rest of a program anew keeps his beliefs and habits, so none are offered then.
    """
    goals = await content.by_id(ctx, content.GOALS, subject.goals)
    if not goals:
        raise bad_request("reference_unknown", field="goals")
    methods, prompts, beliefs, habits = await asyncio.gather(
        _methods(ctx, subject.goals),
        content.prompts(ctx),
        _beliefs(ctx, subject) if subject.earlier is None else _none(),
        _habits(ctx) if subject.earlier is None else _none(),
    )
    if not methods:
        raise unavailable()
    return Brief(
        start=subject.start,
        weeks=subject.weeks,
        dates=tuple(subject.dates),
        goals=tuple(GoalBrief(goal.name, _text(goal.description)) for goal in goals),
        methods=methods,
        instructions=_instructions(prompts, goals),
        texts={prompt.name: prompt.text for prompt in prompts if prompt.is_system},
        beliefs=beliefs,
        habits=habits,
        earlier=subject.earlier,
    )


async def _methods(ctx: Context, goals: Sequence[str]) -> tuple[BriefMethod, ...]:
    """All methods but those of the habits goal, which the client hides."""
    hidden = await habits_goal(ctx)
    methods = await content.items(ctx, content.METHODS)
    return tuple(_method(m, goals) for m in methods if hidden not in m.linked_goal_ids)


def _method(method: Method, goals: Sequence[str]) -> BriefMethod:
    return BriefMethod(
        id=method.id,
        name=method.name,
        minutes=method.duration,
        description=_text(method.description),
        labels=tuple(method.optimal_frequency),
        level=_text(method.experience_level),
        recommended=bool(set(goals) & set(method.linked_goal_ids)),
    )


async def _beliefs(ctx: Context, subject: Subject) -> tuple[Option, ...]:
    fitting = await content.beliefs_for_goals(ctx, list(subject.goals))
    categories = await content.items(ctx, content.CATEGORIES)
    names = {category.id: category.name for category in categories}
    return tuple(
        Option(belief.id, belief.name, names.get(next(iter(belief.category_ids), ""), ""))
        for belief in fitting
        if FIRST_LEVEL in belief.levels
    )


async def _habits(ctx: Context) -> tuple[Option, ...]:
    habits = await content.items(ctx, content.HABITS)
    return tuple(Option(habit.id, habit.name, _text(habit.notes)) for habit in habits)


async def _none() -> tuple[Option, ...]:
    return ()


def _instructions(
    prompts: Sequence[content.Prompt], goals: Sequence[Goal]
) -> tuple[Instruction, ...]:
    named = {goal.id: goal.name for goal in goals}
    matching = [
        Instruction(tuple(named[id] for id in prompt.goal_ids if id in named), prompt.text)
        for prompt in prompts
        if not prompt.is_system and prompt.text.strip()
    ]
    return tuple(instruction for instruction in matching if instruction.goals)


def _text(value: str | UnsetType) -> str:
    return "" if isinstance(value, UnsetType) else value
