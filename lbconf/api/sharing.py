"""Which methods of a model the REST API shows: `sharedMethods` of config.json and model-config.json.

LoopBack takes no notice of `sharedMethods` in a model's own file; in the native layout that file is the place.
"""

import re

from lbconf.project.resolved import Model

__all__ = ["is_shared"]

ALIASES = {
    "patchOrCreate": ("upsert", "updateOrCreate"),
    "upsertWithWhere": ("patchOrCreateWithWhere",),
    "deleteById": ("destroyById", "removeById"),
    "updateAll": ("update",),
    "prototype.patchAttributes": ("prototype.updateAttributes",),
}


def is_shared(model: Model, method: str) -> bool:
    """Whether a method is on: an exact name (or alias) decides, else any glob that says no, else on.

    Source: LoopBack 3, `lib/application.js`, shared method settings.
    """
    settings = model.shared_methods
    for name in (method, *ALIASES.get(method, ())):
        if name in settings:
            return settings[name]
    return not any(
        not on and "*" in glob and _pattern(glob).search(method) is not None for glob, on in settings.items()
    )


def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in glob.split("*")))
