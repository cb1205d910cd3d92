"""A client in TypeScript: types by openapi-typescript, requests by openapi-fetch.

Source: https://openapi-ts.dev/cli, https://openapi-ts.dev/openapi-fetch/api.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.operations.client_document import with_json_parameters
from lbconf.operations.generators import missing, run_generator

__all__ = ["write_typescript"]

GENERATOR: Final = "openapi-typescript@7.13.0"
COMPILER: Final = "typescript@5.9.3"
FETCH: Final = "^0.17.0"
PROGRAM: Final = "openapi-typescript"

CLIENT: Final = """\
// Written by lbconf. Do not edit: `lbconf client typescript` writes it anew.
import createOpenApiClient, { type Client, type ClientOptions } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";
export type Schemas = components["schemas"];
export type Api = Client<paths>;

export interface Settings extends ClientOptions {
  /** Access token, or what gives one for each request. */
  token?: string | (() => string | undefined | Promise<string | undefined>);
}

/** Filters and conditions travel as JSON, everything else as text. */
function query(parameters: Record<string, unknown>): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === null) continue;
    found.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return found.toString();
}

/** A client of the API; `baseUrl` is the URL of the REST root. */
export function createClient({ token, ...options }: Settings = {}): Api {
  const client = createOpenApiClient<paths>({ baseUrl: BASE_URL, querySerializer: query, ...options });
  if (token !== undefined) {
    client.use({
      async onRequest({ request }) {
        const found = typeof token === "function" ? await token() : token;
        if (found) request.headers.set(HEADER, PREFIX + found);
        return request;
      },
    });
  }
  return client;
}
"""
PACKAGE: Final[Mapping[str, Any]] = {
    "name": "api-client",
    "private": True,
    "type": "module",
    "main": "./dist/client.js",
    "types": "./dist/client.d.ts",
    "scripts": {"build": "tsc"},
    "dependencies": {"openapi-fetch": FETCH},
    "devDependencies": {"typescript": "^5.9.3"},
}
COMPILING: Final[Mapping[str, Any]] = {
    "compilerOptions": {
        "target": "es2022",
        "module": "nodenext",
        "moduleResolution": "nodenext",
        "lib": ["es2022", "dom", "dom.iterable"],
        "strict": True,
        "exactOptionalPropertyTypes": False,
        "noUncheckedIndexedAccess": True,
        "declaration": True,
        "outDir": "dist",
        "skipLibCheck": True,
    },
    "files": ["client.ts"],
}


def write_typescript(document: Mapping[str, Any], out: Path, scratch: Path) -> None:
    """Write `schema.ts`, `client.ts`, `package.json` and `tsconfig.json`. Raises `LbconfError`."""
    description = scratch / "openapi.json"
    description.write_text(json.dumps(with_json_parameters(document)), encoding="utf-8")
    run_generator(
        [*_generator(), str(description), "--output", str(out / "schema.ts"), "--default-non-nullable=false"], scratch
    )
    header, prefix = _token_header(document)
    client = CLIENT.replace("HEADER", json.dumps(header)).replace("PREFIX", json.dumps(prefix))
    url = str(document["servers"][0]["url"])
    (out / "client.ts").write_text(client.replace("BASE_URL", json.dumps(url)), encoding="utf-8")
    (out / "package.json").write_text(json.dumps(PACKAGE, indent=2) + "\n", encoding="utf-8")
    (out / "tsconfig.json").write_text(json.dumps(COMPILING, indent=2) + "\n", encoding="utf-8")


def _generator() -> Sequence[str]:
    """The generator as installed beside the working directory or on the path, else the pinned one through npx."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        installed = folder / "node_modules" / ".bin" / PROGRAM
        if installed.exists() and shutil.which("node"):
            return [str(installed)]
    found = shutil.which(PROGRAM)
    if found:
        return [found]
    npx = shutil.which("npx")
    if npx is None:
        raise missing(
            "A TypeScript client needs openapi-typescript, and neither it nor Node.js is here.",
            "Install Node.js 20 or later; or write the description with `lbconf openapi --out openapi.json` and run "
            f"`npx {GENERATOR} openapi.json -o schema.ts` where Node.js is.",
        )
    return [npx, "--yes", "--package", GENERATOR, "--package", COMPILER, "--", PROGRAM]


def _token_header(document: Mapping[str, Any]) -> tuple[str, str]:
    """The header that tokens travel in, and what goes before them."""
    schemes = document["components"].get("securitySchemes", {}).values()
    if any(scheme["type"] in {"http", "openIdConnect"} for scheme in schemes):
        return "Authorization", "Bearer "
    named = next((scheme["name"] for scheme in schemes if scheme.get("in") == "header"), "Authorization")
    return str(named), ""
