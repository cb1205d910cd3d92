"""The account application from Python: `python python_api.py PROJECT ENVIRONMENT`."""

import sys
from datetime import UTC, datetime

import lbconf

with lbconf.load(sys.argv[1], sys.argv[2]) as project:
    source = project.data_source("accountDB")
    plan = source.plan()
    print(f"{len(plan.changes)} changes to make")
    source.apply(plan)
    print(f"up to date: {source.is_actual()}")

    accounts = project.model("Account")
    made = accounts.create({"email": "zoe@example.org", "level": 30, "created": datetime(2024, 5, 1, tzinfo=UTC)})
    print(f"created number {made['id']}")
    for account in accounts.find({"where": {"level": {"gte": 30}}, "order": "email", "limit": 10}):
        print(account["email"], account["created"].isoformat())
    print(f"{accounts.count()} in all")
    accounts.delete_by_id(made["id"])
