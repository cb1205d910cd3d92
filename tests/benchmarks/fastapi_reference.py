"""What many would write: FastAPI, SQLAlchemy's ORM, models of pydantic, on the tables of the benchmark's project.

Run as `python -m tests.benchmarks.fastapi_reference PORT URL`, with uvicorn set as `lbconf serve` sets it.
"""

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload, sessionmaker

__all__: list[str] = []

POOL_SIZE = 10


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    level: Mapped[int | None]
    price: Mapped[float | None]
    active: Mapped[bool | None]
    created: Mapped[datetime | None]
    lines: Mapped[list["Line"]] = relationship(order_by="Line.id")


class Line(Base):
    __tablename__ = "line"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column("itemid", ForeignKey("item.id"))
    label: Mapped[str | None]
    amount: Mapped[int | None]


class Token(Base):
    __tablename__ = "accesstoken"
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column("userid")


class NewItem(BaseModel):
    name: Annotated[str, Field(max_length=60)]
    level: int | None = None
    price: float | None = None
    active: bool | None = None
    created: datetime | None = None


class ItemOut(NewItem):
    model_config = ConfigDict(from_attributes=True)
    id: int


class LineOut(BaseModel):
    model_config = ConfigDict(from_attributes=True, populate_by_name=True)
    id: int
    itemId: Annotated[int, Field(validation_alias="item_id")]  # noqa: N815 - the name the API gives
    label: str | None
    amount: int | None


class ItemWithLines(ItemOut):
    lines: list[LineOut]


def application(url: str) -> FastAPI:
    """Four endpoints that ask for a token, each with a session of its own, run in threads."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=POOL_SIZE, max_overflow=0)
    sessions = sessionmaker(engine)
    app = FastAPI(openapi_url=None)

    def session() -> Iterator[Session]:
        with sessions() as opened:
            yield opened

    Opened = Annotated[Session, Depends(session)]  # noqa: N806 - a type

    def allowed(opened: Opened, authorization: Annotated[str, Header()] = "") -> int:
        token = opened.get(Token, authorization)
        if token is None:
            raise HTTPException(401)
        return token.user_id

    @app.get("/api/items/{key}", dependencies=[Depends(allowed)], response_model=ItemOut)
    def by_id(key: int, opened: Opened) -> Any:
        found = opened.get(Item, key)
        if found is None:
            raise HTTPException(404)
        return found

    @app.get("/api/items", dependencies=[Depends(allowed)], response_model=list[ItemOut])
    def listed(opened: Opened, limit: int = 100, skip: int = 0) -> Any:
        return opened.scalars(select(Item).order_by(Item.id).limit(limit).offset(skip)).all()

    @app.get("/api/items-with-lines", dependencies=[Depends(allowed)], response_model=list[ItemWithLines])
    def included(opened: Opened, limit: int = 20, skip: int = 0) -> Any:
        wanted = select(Item).options(selectinload(Item.lines)).order_by(Item.id).limit(limit).offset(skip)
        return opened.scalars(wanted).all()

    @app.post("/api/items", dependencies=[Depends(allowed)], response_model=ItemOut)
    def create(data: NewItem, opened: Opened) -> Any:
        made = Item(**data.model_dump())
        opened.add(made)
        opened.commit()
        return made

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_config=None,
        server_header=False,
    )
