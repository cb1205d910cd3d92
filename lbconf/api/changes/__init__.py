"""Change streams: writes told as server-sent events, in one process or, where the server announces them, in all.

`change` says what a change is, `feed` who is told, `stream` how one client is told.
"""
