"""Mail that the API sends: who is told what, and the one thread that talks to the mail server."""
