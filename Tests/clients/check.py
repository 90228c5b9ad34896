"""The clients against the binary, and against the reference library of Standard Webhooks; the READMEs' examples as they are written.

    check.py KEYTURN
"""
import asyncio, hashlib, json, os, pathlib, re, socket, subprocess, sys, tempfile, time, urllib.request

top = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(top / "clients/python/src"), str(top / "Tests/carriers")]
import keyturn as client
from service import Service, until
from standardwebhooks.webhooks import Webhook

keyturn = os.path.abspath(sys.argv[1])
SECRET = subprocess.check_output([keyturn, "secret", "generate", "--webhook"], text=True).strip()
PASSWORD = "a quiet lighthouse in fog"


def refusal(call, *arguments):
    try:
        call(*arguments)
    except client.KeyturnError as error:
        return error.status, error.code
    raise AssertionError("not refused")


def examples(readme, language):
    return re.findall(rf"```{language}\n(.*?)```", (top / readme).read_text(), re.S)


def newest_token(service, count):
    mails = until(lambda: len(found := service.captured()) >= count and found, f"mail {count}")
    return next(link for link in mails[-1]["links"] if "/reset-password?token=" in link).split("token=")[1]


def python_on_the_wire(service):
    keyturn_client = client.Keyturn(service.url)
    assert keyturn_client.forgot_password("ann@example.com") == keyturn_client.forgot_password("nobody@example.com")
    token = newest_token(service, 1)
    assert 0 < keyturn_client.check_link(token).expires_at.timestamp() - time.time() <= 1800
    assert refusal(keyturn_client.check_link, token[:-2]) == (400, "token_invalid")
    assert refusal(keyturn_client.reset_password, token, "short") == (422, "password_rejected")
    assert keyturn_client.reset_password(token, PASSWORD)
    session = keyturn_client.login("ann@example.com", PASSWORD)
    assert session.token_type == "Bearer" and session.expires_in > 0
    account = keyturn_client.me(session.access_token)
    assert account.email == "ann@example.com" and account.email_verified
    assert refusal(keyturn_client.me, "x") == (401, "token_invalid")
    assert refusal(keyturn_client.login, "ann@example.com", "wrong") == (401, "credentials_invalid")
    assert refusal(client.Keyturn("http://127.0.0.1:9").forgot_password, "a@example.com") == (0, "unreachable")
    asyncio.run(client.AsyncKeyturn(service.url).forgot_password("ann@example.com"))
    token = newest_token(service, 3)
    assert asyncio.run(client.AsyncKeyturn(service.url).not_me(token))
    assert refusal(keyturn_client.check_link, token) == (400, "token_invalid")


def python_readme(service):
    before = len(service.captured())
    client.Keyturn(service.url).forgot_password("ann@example.com")
    token = newest_token(service, before + 1)
    flow, awaited, admin, hook, users = examples("clients/python/README.md", "python")
    for example in (flow, awaited):
        exec(compile(example.replace("https://accounts.example.com", service.url), "README.md", "exec"), {"token": token})
    compile(admin, "README.md", "exec")

    ended = []
    names = {"secret": SECRET, "end_sessions_of": ended.append}
    exec(hook, names)
    body = b'{"type":"password.changed","data":{"user_id":"7"}}'
    headers = signed("msg_1", body)
    assert names["hook"](headers, body) == 204 and ended == ["7"]
    assert names["hook"](headers, body + b" ") == 401

    names = {"secret": SECRET, "db": Database(), **dict(zip(("request_headers", "request_body"), find_call()))}
    exec(users, names)
    assert names["status"] == 200 and json.loads(names["answer"])["users"][0]["id"] == "7"
    Webhook(SECRET).verify(names["answer"], names["headers"])


def signed(identifier, body, seconds=None):
    from datetime import datetime, timezone
    seconds = int(time.time()) if seconds is None else seconds
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return {"webhook-id": identifier, "webhook-timestamp": str(seconds),
            "webhook-signature": Webhook(SECRET).sign(identifier, moment, body.decode())}


class Database:
    def __init__(self):
        self.hash, self.changes = "$2b$old", 0

    def users(self, emails, ids):
        row = type("Row", (), {"id": "7", "email": "Ann@example.com", "verified": True, "hash": self.hash})
        return [row] if "7" in ids or any(each.lower() == "ann@example.com" for each in emails) else []

    def set_password(self, id, if_key_material, password):
        if id != "7" or if_key_material != hashlib.sha256(self.hash.encode()).hexdigest():
            return False
        self.hash, self.changes = "$2b$" + password, self.changes + 1
        return True


def find_call():
    body = b'{"type":"users.find","data":{"emails":["ann@EXAMPLE.com"],"ids":[]}}'
    return signed("msg_find", body), body


def python_webhooks():
    """What the reference library signs is taken, and the other way round; what it refuses is refused."""
    body = '{"type":"test","data":{"text":"äöü"}}'.encode()
    for seconds in (0, -299, 299):
        assert client.verify_webhook(SECRET, signed("msg_1", body, int(time.time()) + seconds), body) == json.loads(body)
    ours = {"webhook-id": "msg_2", "webhook-timestamp": str(int(time.time()))}
    other = "whsec_" + "A" * 32
    ours["webhook-signature"] = client.sign_webhook([other, SECRET], "msg_2", int(ours["webhook-timestamp"]), body)
    assert Webhook(SECRET).verify(body, ours) == json.loads(body)
    assert client.verify_webhook([other], {name.upper(): value for name, value in ours.items()}, body)
    good = signed("msg_1", body)
    for bad in (
        {**good, "webhook-id": "msg_2"}, {**good, "webhook-timestamp": str(int(time.time()) - 1)}, signed("msg_1", body, int(time.time()) - 400),
        signed("msg_1", body, int(time.time()) + 400), {**good, "webhook-signature": "v1,"}, {**good, "webhook-signature": "v2," + good["webhook-signature"][3:]},
        {**good, "webhook-timestamp": "٣"}, {**good, "webhook-timestamp": "1e9"}, {"webhook-id": "msg_1"},
        {**good, "webhook-signature": "v1,\u00e4"},
    ):
        try:
            client.verify_webhook(SECRET, bad, body)
        except client.WebhookRefused:
            continue
        raise AssertionError(f"taken: {bad}")


def python_users():
    database = Database()

    def change(id, if_key_material, password):
        if "example" in password:
            raise client.PasswordRefused("not that one")
        return database.set_password(id, if_key_material, password)

    receiver = client.UsersReceiver(
        SECRET, lambda emails, ids: [
            client.UserRecord(row.id, row.email, row.verified, client.key_material(row.hash)) for row in database.users(emails, ids)], change)

    def call(kind, **data):
        body = json.dumps({"type": kind, "data": data}).encode()
        status, headers, answer = receiver.handle(signed("msg_3", body), body)
        Webhook(SECRET).verify(answer, headers)
        return status, json.loads(answer)

    status, found = call("users.find", emails=["ann@example.com", "bob@example.com"], ids=["7"])
    assert status == 200 and [user["for"] for user in found["users"]] == ["ann@example.com", "7"]
    material = found["users"][0]["key_material"]
    asked = {"id": "7", "if_key_material": material, "password": PASSWORD}
    assert call("password.change", reset_id="r1", **{**asked, "password": "an example"})[0] == 422
    for _ in range(3):
        assert call("password.change", reset_id="r1", **asked) == (200, {"changed": True})
    assert database.changes == 1
    assert call("password.change", reset_id="r2", **asked) == (409, {"changed": False})
    assert receiver.handle({}, b"{}")[0] == 401


def typescript(service):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="keyturn-typescript-"))
    subprocess.run(["tsc", "--project", top / "clients/typescript/tsconfig.json", "--outDir", folder], check=True)
    (folder / "package.json").write_text('{"type": "module"}')
    flow, admins, hook, users = examples("clients/typescript/README.md", "ts")
    # The examples as they are written, with what they name around them.
    declared = """
        declare const token: string, secret: string, adminToken: string, endSessionsOf: (id: string) => void;
        declare const db: {
          users(emails: string[], ids: string[]): Promise<{ id: string; email: string; verified: boolean; hash: string }[]>;
          setPassword(id: string, ifKeyMaterial: string, password: string): Promise<boolean>;
        };
        """
    for name, example in {"flow": flow, "admins": admins, "hook": hook, "users": users}.items():
        (folder / f"{name}.ts").write_text(declared + example + "export {};\n")
    exports = {"hook": "export { hook };\n", "users": "export { receive };\n"}
    for name, line in exports.items():
        (folder / f"{name}.ts").open("a").write(line)
    options = json.loads((top / "clients/typescript/tsconfig.json").read_text())["compilerOptions"]
    (folder / "tsconfig.json").write_text(json.dumps({
        "compilerOptions": {**options, "outDir": ".", "declaration": False},
        "files": [f"{name}.ts" for name in ("flow", "admins", "hook", "users")]}))
    subprocess.run(["tsc", "--project", folder], check=True)
    for name in ("flow", "admins"):
        file = folder / f"{name}.js"
        file.write_text(file.read_text().replace("https://accounts.example.com", service.url))
    before = len(service.captured())
    client.Keyturn(service.url).forgot_password("ann@example.com")
    body = '{"type":"password.changed","data":{"user_id":"7","text":"äöü"}}'
    find_headers, find_body = find_call()
    given = {
        "token": newest_token(service, before + 1), "secret": SECRET, "url": service.url, "body": body,
        "headers": signed("msg_1", body.encode()), "old": signed("msg_1", body.encode(), int(time.time()) - 400),
        "findHeaders": find_headers, "findBody": find_body.decode(), "ann": service.folder}
    (folder / "given.json").write_text(json.dumps(given))
    done = subprocess.run(["node", top / "Tests/clients/check.mjs", folder], text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    for line in filter(None, done.stdout.split("\n")):
        # What it signs, the reference library takes.
        answer = json.loads(line)
        assert Webhook(SECRET).verify(answer["body"], answer["headers"]) is not None
    # The link of the example was used.
    assert refusal(client.Keyturn(service.url).check_link, given["token"]) == (400, "token_invalid")


def user_api(service, token):
    """On the admin address; skipped by name where this binary has no user API yet."""
    url = "http://127.0.0.1:" + settings["KEYTURN_ADMIN_PORT"]
    admin = client.KeyturnAdmin(url, token)
    try:
        created = admin.put_user("42", "cleo@example.com", verified=True)
    except client.KeyturnError as error:
        if error.status in (404, 405):
            print("the user API: not checked, this binary has none")
            return
        raise
    assert created.email == "cleo@example.com" and created.external_id == "42"
    assert admin.get_user("42").email == "cleo@example.com"
    assert refusal(admin.get_user, "a/b ü") == (404, "not_found")
    assert refusal(client.KeyturnAdmin(url, "x" * 40).get_user, "42")[0] == 401
    before = len(service.captured())
    admin.mail("42")
    until(lambda: len(service.captured()) > before, "the mail that the user API asked for")
    admin.revoke_links("42")
    admin.expire("42")
    assert refusal(admin.link, "42") == (404, "not_found")
    asyncio.run(client.AsyncKeyturnAdmin(url, token).delete_user("42"))
    assert refusal(admin.get_user, "42") == (404, "not_found")
    (example,) = [each for each in examples("clients/python/README.md", "python") if "KeyturnAdmin(" in each]
    exec(example.replace("http://127.0.0.1:9090", url), {"admin_token": token})
    print("the user API: checked")


admin_token = "an-admin-token-of-32-bytes-and-more-0123456789"
# A binary without the user API notes the variable and ignores it.
settings = {"KEYTURN_ADMIN_TOKEN": admin_token}
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    settings["KEYTURN_ADMIN_PORT"] = str(free.getsockname()[1])
python_webhooks()
python_users()
service = Service(keyturn, **settings)
service.command("user", "add", "ann@example.com")
with service:
    python_on_the_wire(service)
    python_readme(service)
    typescript(service)
    user_api(service, admin_token)
print("clients: Python and TypeScript speak to the binary; their READMEs run")
