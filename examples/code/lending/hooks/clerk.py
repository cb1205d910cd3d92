"""What is special about the people at the desk."""

from lbconf.code import HookContext, HttpError, before_save


@before_save
def nobody_promotes_themselves(context: HookContext) -> None:
    """A request may not set a grade; the project's own code may, for it runs outside of any request."""
    asked = context.row.get("grade")
    known = (context.current_instance or {}).get("grade", 1)
    if context.caller is not None and asked is not None and asked != known:
        raise HttpError(403, "Grades are given by the head of the desk.", code="GRADE_FIXED")
