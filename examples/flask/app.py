"""The smallest Flask application with accounts of its own, as the tutorials build it: werkzeug hashes, a signed cookie is the session.

    APP_DATABASE=app.sqlite APP_PORT=5000 python app.py

POST /register and POST /login take {"email", "password"} as JSON and set the session's cookie; GET /me says who is signed in.
"""
import os
import sqlite3

from flask import Flask, g, jsonify, request, session
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
app.secret_key = os.environ.get("APP_SECRET", "for this example only: make your own")


def database():
    if "database" not in g:
        g.database = sqlite3.connect(os.environ["APP_DATABASE"], isolation_level=None)
        g.database.row_factory = sqlite3.Row
    return g.database


@app.teardown_appcontext
def close(_):
    if "database" in g:
        g.database.close()


def mark(user):
    # The end of the hash: a session ends with the password that it was got with.
    return user["password_hash"][-12:]


@app.post("/register")
def register():
    body = request.get_json()
    row = database().execute(
        "INSERT INTO user (email, password_hash) VALUES (?, ?)",
        (body["email"], generate_password_hash(body["password"])))
    return jsonify(id=str(row.lastrowid)), 201


@app.post("/login")
def login():
    body = request.get_json()
    user = database().execute("SELECT * FROM user WHERE email = ?", (body["email"],)).fetchone()
    if user is None or not check_password_hash(user["password_hash"], body["password"]):
        return jsonify(), 401
    session["user"], session["mark"] = user["id"], mark(user)
    return jsonify(id=str(user["id"]))


@app.get("/me")
def me():
    user = database().execute("SELECT * FROM user WHERE id = ?", (session.get("user"),)).fetchone()
    if user is None or session.get("mark") != mark(user):
        return jsonify(), 401
    return jsonify(email=user["email"])


if __name__ == "__main__":
    with app.app_context():
        database().execute(
            "CREATE TABLE IF NOT EXISTS user (id INTEGER PRIMARY KEY, email VARCHAR(120) UNIQUE NOT NULL, password_hash VARCHAR(256))")
    app.run("127.0.0.1", int(os.environ["APP_PORT"]))
