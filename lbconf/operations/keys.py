"""API keys."""

__all__ = ["new_api_key"]


def new_api_key() -> tuple[str, str]:
    """A key that nobody has yet, and its digest, which alone is kept."""
    from lbconf.api.access.api_keys import key_digest, new_key

    key = new_key()
    return key, key_digest(key)
