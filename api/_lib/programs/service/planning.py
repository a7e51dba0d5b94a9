"""Letting a language model plan: within limits, and never while a transaction is open."""

from api._lib.ai import AiClient, AiError, AiInvalid, AiTimeout, Question
from api._lib.context import Context, User
from api._lib.errors import ApiError, Kind, unavailable
from api._lib.limits import AI_USER_DAY, AI_USER_HOUR, Use
from api._lib.programs.rules.answer import UnusableAnswerError, read_answer
from api._lib.programs.rules.answer_schema import NAME, answer_schema, token_cap
from api._lib.programs.rules.brief import Brief
from api._lib.programs.rules.plan import Plan
from api._lib.programs.rules.prompt import messages
from api._lib.programs.rules.repair import repair

# Longer than a call may take, so that a killed process blocks its user for two minutes at most.
LONGEST_CALL = 120


def check_configured(ctx: Context) -> None:
    """Refuse at once when there is no key; raises a 503."""
    if not ctx.ai.configured:
        raise unavailable("ai_not_configured")


async def plan(ctx: Context, user: User, brief: Brief) -> Plan:
    """A whole and valid plan; raises a 429, 502, 503 or 504, never anything else of the call."""
    async with ctx.limits.one_at_a_time("ai", user.id, LONGEST_CALL):
        await ctx.limits.take(Use(AI_USER_HOUR, user.id), Use(AI_USER_DAY, user.id))
        return await ask(ctx.ai, brief)


async def ask(ai: AiClient, brief: Brief) -> Plan:
    """Ask for a plan and repair it; an answer beyond repair is asked for once more."""
    system, message = messages(brief)
    question = Question(
        system=system,
        user=message,
        schema_name=NAME,
        schema=answer_schema(brief),
        max_tokens=token_cap(len(brief.asked)),
    )
    try:
        return await ai.ask(question, lambda root: _accepted(root, brief))
    except AiTimeout:
        raise ApiError(Kind.GATEWAY_TIMEOUT, "ai_timeout") from None
    except AiError:
        raise ApiError(Kind.BAD_GATEWAY, "ai_failed") from None


def _accepted(root: object, brief: Brief) -> Plan:
    try:
        return repair(read_answer(root), brief)
    except UnusableAnswerError as error:
        raise AiInvalid(str(error)) from None
