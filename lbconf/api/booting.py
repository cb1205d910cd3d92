"""Boot functions: what the project's own code does before the first request."""

import logging

from lbconf.api.log import JsonLog
from lbconf.api.threads import WorkerThreads
from lbconf.code.contexts import BootContext
from lbconf.code.loading import Function, ProjectCode, failed_at
from lbconf.code.running import call
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError
from lbconf.project.resolved import Project
from lbconf.repository import Repository

__all__ = ["run_boot_functions"]


async def run_boot_functions(
    code: ProjectCode, project: Project, repository: Repository, threads: WorkerThreads, log: JsonLog
) -> None:
    """Run them one after the other.

    Raises:
        LbconfError: one failed; those after it did not run.

    """
    context = BootContext(environment=project.environment, models=repository.models, settings=project.server.settings)

    def run(function: Function) -> None:
        call(function, context)

    for function in code.boot:
        name = f"{function.__module__}.{function.__qualname__}"
        try:
            await threads.run(run, function)
        except Exception as problem:
            root = project.root.resolve()
            location = failed_at(root, problem)
            message = f"the boot function {name} fails: {type(problem).__name__}: {problem}"
            at = {} if location is None else {"at": str(location)}
            log.event("error", "boot-failed", message=message, **at)
            # The server would write the traceback again, which is for --verbose alone.
            logging.getLogger("uvicorn.error").disabled = True
            raise LbconfError(Diagnostic(code=Code.CODE_FAILED, message=message, location=location)) from problem
