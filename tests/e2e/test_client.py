"""Typed clients: generated, compiled, and used against a running server."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import Served, run_lbconf, served

CUSTOMER = """\
name: Customer
dataSource: db
public: true
properties:
  id: {type: integer, id: true, generated: true}
  email: {type: string, required: true, length: 200}
  name: {type: string, required: true}
  vip: {type: boolean, default: false}
  address: object
  joined: date
relations:
  orders: {type: hasMany, model: Order}
acls: [{principalType: ROLE, principalId: $everyone, permission: ALLOW}]
"""
ORDER = """\
name: Order
dataSource: db
public: true
properties:
  number: {type: string, required: true}
  status: {type: enum, values: [open, paid], default: open}
  total: decimal(10,2)
relations:
  customer: {type: belongsTo, model: Customer}
acls: [{principalType: ROLE, principalId: $everyone, permission: ALLOW}]
"""
NPM_SECONDS = 240

needs_node = pytest.mark.skipif(
    shutil.which("npx") is None or shutil.which("npm") is None, reason="no Node.js: TypeScript clients are not tried"
)
needs_generator = pytest.mark.skipif(
    importlib.util.find_spec("openapi_python_client") is None, reason="openapi-python-client is not installed"
)

PYTHON = """\
import sys

from shop_client import Client
from shop_client.api.customer import customer_create, customer_delete_by_id, customer_find
from shop_client.api.customer.customer_prototype_patch_attributes import sync as patch
from shop_client.filters import text
from shop_client.models import AnswerCount, Customer, CustomerFilter, CustomerNew, CustomerPartial, CustomerWhere

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
made = customer_create.sync(client=client, body=CustomerNew(email="ada@example.net", name="Ada"))
assert isinstance(made, Customer), made
wanted = CustomerFilter(where=CustomerWhere(email="ada@example.net"), limit=5)
found = customer_find.sync(client=client, filter_=text(wanted))
assert isinstance(found, list), found
assert [one.name for one in found] == ["Ada"]
assert isinstance(made.id, int)
changed = patch(made.id, client=client, body=CustomerPartial(name="Ada L."))
assert isinstance(changed, Customer), changed
assert (changed.name, changed.email) == ("Ada L.", "ada@example.net")
gone = customer_delete_by_id.sync(made.id, client=client)
assert isinstance(gone, AnswerCount), gone
print(gone.count)
"""

TYPESCRIPT = """\
import { createClient, type Schemas } from "./client.js";

const api = createClient({ baseUrl: process.argv[2]!, token: "unused" });
const body: Schemas["Customer.new"] = { email: "ada@example.net", name: "Ada" };
const { data: made } = await api.POST("/customers", { body });
if (!made || Array.isArray(made) || made.id === undefined) throw new Error("not created");
const { data: found } = await api.GET("/customers", {
  params: { query: { filter: { where: { email: { like: "ada@%net" } }, order: "name ASC", limit: 5 } } },
});
if (found?.map((one) => one.name).join() !== "Ada") throw new Error("not found");
const path = { id: made.id };
const { error } = await api.PATCH("/customers/{id}", { params: { path }, body: { name: null as unknown as string } });
if (error?.error.statusCode !== 422) throw new Error("not refused");
const { data: gone } = await api.DELETE("/customers/{id}", { params: { path } });
console.log(gone?.count);

// @ts-expect-error there is no such path
void (() => api.GET("/customer"));
// @ts-expect-error a limit is a number
void (() => api.GET("/customers", { params: { query: { filter: { limit: "many" } } } }));
// @ts-expect-error a new customer has a name
const incomplete: Schemas["Customer.new"] = { email: "x" };
void incomplete;
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clients") / "shop"
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text("db: {connector: memory}\n")
    (base / "models" / "customer.yaml").write_text(CUSTOMER)
    (base / "models" / "order.yaml").write_text(ORDER)
    return root


@pytest.fixture(scope="module")
def server(shop: Path) -> Iterator[Served]:
    with served(shop) as running:
        yield running


def written(shop: Path, language: str, out: Path) -> None:
    done = run_lbconf("client", language, "--out", str(out), "--project", str(shop), seconds=300)
    assert done.returncode == 0, done.stderr


@needs_generator
def test_a_python_client_is_typed_and_works(shop: Path, server: Served, tmp_path: Path) -> None:
    written(shop, "python", tmp_path / "shop_client")
    use = tmp_path / "use.py"
    use.write_text(PYTHON)

    typed = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "shop_client", "use.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert typed.returncode == 0, typed.stdout
    done = subprocess.run(
        [sys.executable, "use.py", f"{server.url}/api"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


@needs_node
def test_a_typescript_client_compiles_and_works(shop: Path, server: Served, tmp_path: Path) -> None:
    out = tmp_path / "client"
    written(shop, "typescript", out)
    (out / "use.ts").write_text(TYPESCRIPT)
    npm = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--save-dev", "@types/node@20"],
        cwd=out,
        capture_output=True,
        text=True,
        check=False,
        timeout=NPM_SECONDS,
    )
    if npm.returncode != 0:
        pytest.skip(f"npm cannot install: {npm.stderr[-300:]}")

    flags = ["--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck", "--outDir", "dist"]
    compiled = subprocess.run(
        ["npx", "--no-install", "tsc", *flags, "use.ts"], cwd=out, capture_output=True, text=True, check=False
    )
    assert compiled.returncode == 0, compiled.stdout
    alone = subprocess.run(
        ["npx", "--no-install", "tsc", "--noEmit"], cwd=out, capture_output=True, text=True, check=False
    )
    assert alone.returncode == 0, alone.stdout
    done = subprocess.run(
        ["node", "dist/use.js", f"{server.url}/api"], cwd=out, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


@needs_generator
def test_a_client_is_written_anew_and_nothing_else_is_written_over(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "client"
    written(shop, "python", out)
    before = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (out / "models" / "mine.txt").write_text("kept")
    written(shop, "python", out)
    after = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert after == before | {"mine.txt": b"kept"}

    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    done = run_lbconf("client", "python", "--out", str(other), "--project", str(shop))
    assert done.returncode == 1
    assert "LB7033" in done.stderr
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]


def test_without_node_the_way_out_is_told(shop: Path, tmp_path: Path) -> None:
    place = tmp_path / "bin"
    place.mkdir()
    done = run_lbconf(
        "client", "typescript", "--out", str(tmp_path / "out"), "--project", str(shop), variables={"PATH": str(place)}
    )
    assert done.returncode == 1
    assert "LB7031" in done.stderr
    assert "lbconf openapi --out openapi.json" in done.stderr
    assert not (tmp_path / "out").exists()
