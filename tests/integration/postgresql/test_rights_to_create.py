"""The GRANT that is told where a role may not make tables is the one that is missing."""

import uuid
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from lbconf.connectors.postgresql.connector import PostgresqlConnector
from lbconf.errors import ConnectorError
from lbconf.state.steps import Statement
from tests.strategies.rows import data_source


def test_what_is_told_gives_the_right(postgresql_url: str) -> None:
    role = f"app_{uuid.uuid4().hex[:12]}"
    parts = urlsplit(postgresql_url)
    url = urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))
    with psycopg.connect(postgresql_url, autocommit=True) as direct:
        direct.execute(f'CREATE ROLE "{role}" LOGIN')
        direct.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        connector = PostgresqlConnector(data_source("postgresql", {"url": url}))
        create = Statement(sql="CREATE TABLE public.made (id int)")
        try:
            with connector.session(lock_timeout=1) as session:
                with pytest.raises(ConnectorError) as caught:
                    session.execute(create)
                hint = caught.value.diagnostics[0].hint or ""
                grant = f'GRANT USAGE, CREATE ON SCHEMA "public" TO "{role}"'
                assert grant in hint
                direct.execute(grant)
                session.execute(create)
        finally:
            connector.close()
            direct.execute(f'DROP OWNED BY "{role}" CASCADE')
            direct.execute(f'DROP ROLE "{role}"')
