"""Both ways, through the doors that everybody has: hashes of the libraries are imported and logged in with, passwords that
keyturn has hashed are checked by the libraries.

    check.py KEYTURN
"""
import json, os, secrets, sqlite3, subprocess, sys, tempfile, urllib.error, urllib.request, warnings

warnings.simplefilter("ignore")
import argon2, bcrypt, crypt, django, passlib.hash, werkzeug.security
from django.conf import settings
from django.contrib.auth import hashers

settings.configure(
    PASSWORD_HASHERS=[
        "django.contrib.auth.hashers." + name
        for name in (
            "PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "ScryptPasswordHasher", "BCryptPasswordHasher",
            "BCryptSHA256PasswordHasher", "Argon2PasswordHasher")
    ])
django.setup()
# Cheap: what is asked is whether both understand each other.
hashers.PBKDF2PasswordHasher.iterations = hashers.PBKDF2SHA1PasswordHasher.iterations = 1000
hashers.ScryptPasswordHasher.work_factor = 1 << 10
hashers.BCryptSHA256PasswordHasher.rounds = hashers.BCryptPasswordHasher.rounds = 5
hashers.Argon2PasswordHasher.memory_cost = 1024

PASSWORDS = ["correct horse battery staple", "pâté ☕ パスワード, très long", "$2b$ & \"quotes\" 'and' \\ more", "x" * 72]
# Longer than bcrypt takes: for all others.
LONG = "y" * 200


def php(questions):
    script = os.path.join(os.path.dirname(__file__), "php.php")
    return json.loads(
        subprocess.run(["php", script], input=json.dumps(questions), capture_output=True, text=True, check=True).stdout)


def salted(prefix):
    return prefix + secrets.token_hex(6)


def theirs():
    """Maker, password, hash; None where the maker has no such scheme here."""
    for password in PASSWORDS + [LONG]:
        for name in ("pbkdf2_sha256", "pbkdf2_sha1", "scrypt", "bcrypt_sha256", "argon2"):
            yield "Django " + name, password, hashers.make_password(password, hasher=name)
        for method in ("scrypt:1024:8:1", "scrypt:1024:4:2", "pbkdf2:sha256:1000", "pbkdf2:sha512:1000", "pbkdf2:sha1:1000"):
            yield "Werkzeug " + method, password, werkzeug.security.generate_password_hash(password, method)
        yield "passlib scrypt", password, passlib.hash.scrypt.using(rounds=10).hash(password)
        for scheme in (passlib.hash.sha256_crypt, passlib.hash.sha512_crypt):
            yield "passlib " + scheme.name, password, scheme.using(rounds=5001).hash(password)
        yield "crypt(3) yescrypt", password, crypt.crypt(password, salted("$y$j75$"))
        for kind in (argon2.Type.ID, argon2.Type.I):
            yield "argon2-cffi " + kind.name, password, argon2.PasswordHasher(type=kind, memory_cost=1024).hash(password)
    for password in PASSWORDS:
        yield "Django bcrypt", password, hashers.make_password(password, hasher="bcrypt")
        for prefix in (b"2a", b"2b"):
            yield "bcrypt", password, bcrypt.hashpw(password.encode(), bcrypt.gensalt(5, prefix)).decode()
    questions = [
        {"password": password, "algorithm": algorithm}
        for password in PASSWORDS for algorithm in ("bcrypt", "argon2id", salted("$5$"), salted("$6$"))
    ]
    for question, made in zip(questions, php(questions)):
        yield "PHP " + question["algorithm"][:8], question["password"], made


# How a scheme of ours is configured, and who must take it.
OURS = {
    "scrypt": [passlib.hash.scrypt.verify],
    "bcrypt": [
        lambda password, stored: bcrypt.checkpw(password.encode(), stored.encode()),
        lambda password, stored: php([{"password": password, "hash": stored}])[0],
        lambda password, stored: hashers.check_password(password, "bcrypt$" + stored),
    ],
    "django-pbkdf2-sha256": [hashers.check_password],
    "django-scrypt": [hashers.check_password],
    "werkzeug-scrypt": [lambda password, stored: werkzeug.security.check_password_hash(stored, password)],
    "argon2id": [
        lambda password, stored: verified(argon2.PasswordHasher(), password, stored),
        lambda password, stored: hashers.check_password(password, "argon2" + stored),
        lambda password, stored: php([{"password": password, "hash": stored}])[0],
    ],
}


def verified(hasher, password, stored):
    try:
        return hasher.verify(stored, password)
    except argon2.exceptions.VerifyMismatchError:
        return False


class Keyturn:
    def __init__(self, binary, directory):
        self.binary, self.database = binary, directory + "/keyturn.sqlite"
        self.environment = {
            "KEYTURN_SERVER_PORT": "0", "KEYTURN_ADMIN_PORT": "0", "KEYTURN_SERVER_PUBLIC_URL": "https://a.example.com",
            "KEYTURN_DATABASE_PATH": self.database, "KEYTURN_SECRETS_STANDARD": secrets.token_hex(32),
            "KEYTURN_MAIL_PROVIDER": "capture", "KEYTURN_MAIL_CAPTURE_DIRECTORY": directory + "/mails",
            "KEYTURN_MAIL_FROM_EMAIL": "no-reply@example.com", "KEYTURN_MAIL_FROM_NAME": "Example",
            "KEYTURN_LIMITS_PER_CLIENT_RATE": "100000/s", "KEYTURN_LIMITS_PER_CLIENT_BURST": "100000",
            "KEYTURN_PASSWORDS_BCRYPT_COST": "6", "KEYTURN_PASSWORDS_SCRYPT_LOG_N": "10",
            "KEYTURN_PASSWORDS_ARGON2_MEMORY": "1024",
            "KEYTURN_PASSWORDS_PBKDF2_ITERATIONS": "1000",
            **{name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
        }

    def run(self, *arguments, **changes):
        given = changes.pop("input", None)
        return subprocess.run(
            [self.binary, *arguments], env=self.environment | changes, input=given, capture_output=True, text=True)

    def serve(self):
        self.process = subprocess.Popen(
            [self.binary, "serve"], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit("keyturn serve did not start")
        self.url = line.split()[-1]

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def login(self, email, password):
        request = urllib.request.Request(
            self.url + "/login", json.dumps({"email": email, "password": password}).encode(),
            {"Content-Type": "application/json"})
        try:
            return urllib.request.urlopen(request).status
        except urllib.error.HTTPError as error:
            return error.code


def takes_theirs(keyturn, has_argon2):
    made = [(maker, password, stored) for maker, password, stored in theirs() if stored]
    if not has_argon2:
        made = [each for each in made if "argon2" not in each[2]]
    rows = [{"email": f"{number}@example.com", "password_hash": stored} for number, (_, _, stored) in enumerate(made)]
    imported = keyturn.run("user", "import", "-", input="\n".join(map(json.dumps, rows)))
    if imported.returncode:
        sys.exit(imported.stderr)
    keyturn.serve()
    try:
        for number, (maker, password, stored) in enumerate(made):
            email = f"{number}@example.com"
            said = keyturn.login(email, password), keyturn.login(email, password[:-1] + "!")
            if said != (200, 401):
                yield f"{maker}: {password[:20]}… was answered {said[0]}, a wrong one {said[1]}: {stored}"
    finally:
        keyturn.stop()
    print(f"{len(made)} hashes of {len({maker for maker, _, _ in made})} makers are taken by keyturn")


def is_taken(keyturn, has_argon2):
    count = 0
    for scheme, judges in OURS.items():
        if scheme == "argon2id" and not has_argon2:
            continue
        for number, password in enumerate(PASSWORDS + [LONG] * (scheme != "bcrypt")):
            email = f"{scheme}-{number}@example.com"
            added = keyturn.run(
                "user", "add", email, "--password-stdin", input=password + "\n", KEYTURN_PASSWORDS_SCHEME=scheme)
            if added.returncode:
                sys.exit(added.stderr)
            with sqlite3.connect(keyturn.database) as database:
                (stored,) = database.execute("SELECT password_hash FROM users WHERE email = ?", [email]).fetchone()
            for judge in judges:
                count += 1
                if not judge(password, stored) or judge(password[:-1] + "!", stored):
                    yield f"{scheme}: {password[:20]}… is not told from a wrong one by its library: {stored}"
    print(f"{count} times a library took a hash of keyturn")


def main():
    with tempfile.TemporaryDirectory() as directory:
        keyturn = Keyturn(os.path.abspath(sys.argv[1]), directory)
        has_argon2 = keyturn.run("user", "list", KEYTURN_PASSWORDS_SCHEME="argon2id").returncode == 0
        if not has_argon2:
            print("without Argon2: OpenSSL is older than 3.2, and the trait is off")
        failures = [*takes_theirs(keyturn, has_argon2), *is_taken(keyturn, has_argon2)]
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
