"""The smallest FastAPI application with accounts by FastAPI-Users: SQLAlchemy keeps them, a token in a cookie is the session.

    APP_DATABASE=app.sqlite APP_PORT=8000 python app.py

POST /register and POST /login take {"email", "password"} as JSON; GET /me says who is signed in.
"""
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import Depends, FastAPI, Request, Response
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, CookieTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

SECRET = os.environ.get("APP_SECRET", "for this example only: make your own")


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


engine = create_async_engine("sqlite+aiosqlite:///" + os.environ["APP_DATABASE"])
sessions = async_sessionmaker(engine, expire_on_commit=False)


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = SECRET
    verification_token_secret = SECRET


async def user_manager() -> AsyncIterator[UserManager]:
    async with sessions() as session:
        yield UserManager(SQLAlchemyUserDatabase(session, User))


def strategy() -> JWTStrategy:
    return JWTStrategy(secret=SECRET, lifetime_seconds=3600)


transport = CookieTransport(cookie_max_age=3600, cookie_secure=False)
backend = AuthenticationBackend(name="cookie", transport=transport, get_strategy=strategy)
users = FastAPIUsers[User, uuid.UUID](user_manager, [backend])


@asynccontextmanager
async def lifespan(_: FastAPI):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield


app = FastAPI(lifespan=lifespan)


class Credentials(BaseModel):
    email: str
    password: str

    @property
    def username(self) -> str:
        return self.email


@app.post("/register", status_code=201)
async def register(body: Credentials, manager: UserManager = Depends(user_manager)):
    # A real application mails a link to verify the address; this one takes it as verified.
    user = await manager.create(schemas.BaseUserCreate(email=body.email, password=body.password, is_verified=True))
    return {"id": str(user.id)}


@app.post("/login")
async def login(body: Credentials, manager: UserManager = Depends(user_manager)):
    user = await manager.authenticate(body)
    if user is None:
        return Response("{}", status_code=401, media_type="application/json")
    return await backend.login(strategy(), user)


@app.get("/me")
async def me(user: User = Depends(users.current_user(active=True))):
    return {"email": user.email}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["APP_PORT"]), log_level="warning")
