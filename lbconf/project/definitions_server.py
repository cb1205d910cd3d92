"""What users write about data sources and the server, as pydantic definitions."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from lbconf.project.definition_parts import Definition, Texts
from lbconf.project.definitions_access import AccessDefinition
from lbconf.project.definitions_structure import StructureDefinition

__all__ = ["DataSourceDefinition", "LoopbackServerDefinition", "ServerDefinition"]


class DataSourceDefinition(Definition):
    """A data source: its connector, and settings that the connector knows."""

    model_config = ConfigDict(json_schema_extra={"x-open": True})

    connector: str | None = Field(None, description="Name of the connector: memory, sqlite, postgresql, ...")
    adapter: str | None = Field(None, description="Old name of connector.")
    structure: StructureDefinition | None = Field(
        None, description="Types, sequences, extensions and schemas beside the models' tables."
    )


class Cors(Definition):
    """Which pages of other origins may call the API."""

    model_config = ConfigDict(json_schema_extra={"x-open": True})

    origin: bool | str | list[str] | None = None
    credentials: bool | None = None
    max_age: int | None = None


class JsonBodies(Definition):
    """How JSON bodies are read."""

    limit: str | int | None = Field(None, description='Most bytes of a body: a number, or text such as "100kb".')
    strict: bool | None = None


class UrlencodedBodies(JsonBodies):
    """How form bodies are read."""

    extended: bool | None = None


class RestOptions(Definition):
    """Options of the REST adapter."""

    normalize_http_path: bool | None = Field(None, description="Dashes between the words of paths.")
    xml: bool | None = None
    supported_types: list[str] | None = None
    handle_errors: bool | None = None
    handle_unknown_paths: bool | None = None


class Remoting(Definition):
    """How the API behaves."""

    model_config = ConfigDict(json_schema_extra={"x-open": True})

    context: Any = None
    cors: bool | Cors | None = None
    rest: RestOptions | None = None
    json_: JsonBodies | None = Field(None, alias="json")
    urlencoded: UrlencodedBodies | None = None
    error_handler: dict[str, Any] | None = None
    shared_methods: dict[str, bool] | None = Field(None, description="Method name or glob to on or off.")


class Explorer(Definition):
    """Where the explorer is."""

    enabled: bool | None = None
    path: str | None = None


class Metrics(Definition):
    """Who may read `/metrics`."""

    token: str | None = Field(None, description="What a scraper sends as bearer token.")


class Compression(Definition):
    """Which answers are sent compressed."""

    encodings: list[Literal["br", "zstd", "gzip"]] | None = Field(
        None, description="Allowed ones, the preferred first."
    )
    minimum: int | None = Field(None, ge=0, description="Bytes below which it does not pay. Default: 1024.")


class RateLimit(Definition):
    """How many requests a client may send in a time; counted in each worker."""

    requests: Annotated[int, Field(ge=1)]
    seconds: float | None = Field(None, description="Default: 60.")
    method: str | None = Field(None, description="Default: any.")
    path: str | None = Field(None, description="The whole path; * is any text. Default: /*.")


class BodyLimit(Definition):
    """Most bytes of a body, of some routes."""

    path: str = Field(description="A route with its placeholders, /api/files/{id}; * is any text.")
    limit: str | int
    method: str | None = Field(None, description="Default: any.")


class Tls(Definition):
    """How the server proves who it is. Files are relative to the project's folder."""

    certificate: str = Field(description="File of the certificate with those that vouch for it (PEM).")
    key: str | None = Field(None, description="File of its key, where it is another.")
    password: str | None = Field(None, description="Of the key.")
    clients: str | None = Field(None, description="File of authorities whose certificates clients must show.")
    ciphers: str | None = Field(None, description="In OpenSSL's words, for TLS 1.2.")


class ReadingDefinition(Definition):
    """What clients may ask beyond LoopBack's filters. Default: on in the native layout, off in LoopBack's."""

    aggregate: bool | None = Field(None, description="GET /orders/aggregate counts, adds up and groups.")
    paging: bool | None = Field(None, description="Cursors (after), totals (count) and Link headers.")
    related: bool | None = Field(None, description="Conditions and orders by related models (author.name).")


class BudgetDefinition(Definition):
    """The most that one request may cost."""

    statements: int | None = Field(
        None, ge=1, description="For what is included, and for conditions on other data sources. Default: 1000."
    )
    rows: int | None = Field(None, ge=1, description="Rows that these give. Default: 200000.")
    depth: int | None = Field(None, ge=1, description="Levels of includes. Default: 10.")
    seconds: float | None = Field(
        None, gt=0, description="Of work on one request. Default: 60 in the native layout, else any number."
    )


class ServerDefinition(Definition):
    """The `server` file of the native layout."""

    name: str | None = Field(None, description="Title of the API in OpenAPI and the explorer. Default: the folder's.")
    version: str | None = Field(None, description="Version of the API in OpenAPI. Default: 1.0.0.")
    host: str | None = Field(None, description="Address to listen on.")
    port: int | Annotated[str, Field(pattern=r"^\d+$")] | None = Field(None, description="TCP port.")
    rest_api_root: str | None = Field(None, description="Path under which all models are. Default: /api.")
    explorer: bool | str | Explorer | None = Field(None, description="Path of the explorer; false: none.")
    auth: bool | None = Field(None, description="Whether access rules are enforced. Default: where a model has some.")
    acl_error_status: int | None = Field(None, description="Status for a caller who is known but not allowed.")
    access: AccessDefinition | None = Field(None, description="Who may say who they are, and how.")
    legacy_explorer: bool | None = None
    remoting: Remoting | None = None
    cors: bool | Cors | None = Field(None, description="Other origins that browsers may ask from; true: any.")
    page_size: int | None = Field(
        None, ge=1, description="Rows of a list where a request sets no limit. Default: 1000, or maxPageSize if less."
    )
    max_page_size: int | None = Field(None, ge=1, description="Most rows of a list. Default: 10000.")
    threads: int | None = Field(None, ge=1)
    code: str | Texts | None = Field(
        None, description="Python modules of the project with boot functions and resolvers of roles."
    )
    change_stream_heartbeat: int | float | None = Field(
        None, gt=0, description="Seconds between signs of life of a change stream. Default: 15."
    )
    reading: ReadingDefinition | None = None
    budget: BudgetDefinition | None = None
    body_limit: str | int | None = None
    upload_limit: str | int | None = Field(
        None, description="Most bytes of an upload of lines of JSON or CSV, decompressed. Default: 1gb."
    )
    etag: bool | None = Field(None, description="Whether what is read has entity tags. Default: true.")
    body_limits: list[BodyLimit] | None = Field(None, description="Limits of single routes.")
    rate_limit: RateLimit | list[RateLimit] | None = None
    metrics: bool | Metrics | None = Field(None, description="false: no /metrics.")
    server_timing: bool | Literal["asked"] | None = Field(
        None, description="true: answers tell their times; asked: those to requests with X-Server-Timing."
    )
    slow_query: float | None = Field(None, ge=0, description="Milliseconds from which a query is logged with its plan.")
    tracing: bool | None = Field(None, description="true: spans of OpenTelemetry for requests and queries.")
    security_headers: bool | dict[str, str | bool] | None = Field(
        None, description="false: none; or headers by name, false to leave one out."
    )
    compression: bool | Compression | None = Field(None, description="true: answers are compressed.")
    trust_proxy: bool | int | str | Texts | None = Field(
        None, description="Whom to believe X-Forwarded-*: addresses, networks, loopback; a number of hops; true: all."
    )
    hosts: Texts | None = Field(None, description="Names the server goes by; requests to others are refused.")
    static: dict[str, str] | None = Field(None, description="Folders of files by the path below which they are.")
    tls: Tls | None = None
    logout_sessions_on_sensitive_changes: bool | None = None
    api_info: dict[str, Any] | None = None


class OwnDefinition(Definition):
    """Settings of lbconf in a LoopBack project."""

    access: AccessDefinition | None = Field(None, description="Who may say who they are, and how.")
    reading: ReadingDefinition | None = None
    budget: BudgetDefinition | None = Field(None, description="Default: no bounds.")


class LoopbackServerDefinition(Definition):
    """A LoopBack project's config.json; every other key is an application setting."""

    model_config = ConfigDict(json_schema_extra={"x-open": True})

    host: str | None = None
    port: int | str | None = None
    rest_api_root: str | None = None
    python_code: str | Texts | None = Field(
        None, description="Python modules of the project with boot functions and resolvers of roles."
    )
    acl_error_status: int | str | None = None
    remoting: dict[str, Any] | None = None
    lbconf: OwnDefinition | None = Field(None, description="What LoopBack does not have.")
