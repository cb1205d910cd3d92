"""Who is in a role that no table keeps."""

from lbconf.code import RoleContext, role

SENIOR = 2


@role("senior")
def is_senior(context: RoleContext) -> bool:
    """Clerks of the second grade and above."""
    clerk = context.models.Clerk.find_by_id(context.caller.user_id) if context.caller.user_id is not None else None
    return clerk is not None and clerk["grade"] >= SENIOR
