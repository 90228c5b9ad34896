"""Both ways, through the doors that everybody has: hashes of the libraries are imported and logged in with, passwords that
keyturn has hashed are checked by the libraries.

    check.py KEYTURN
"""
import base64, hashlib, hmac, json, os, secrets, sqlite3, subprocess, sys, tempfile, urllib.error, urllib.request, warnings

warnings.simplefilter("ignore")
import argon2, bcrypt, crypt, django, firebase_scrypt.firebasescrypt as firebase, passlib.hash, werkzeug.security
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


def ruby(questions):
    """bcrypt-ruby, as Devise calls it: the password, and the pepper behind it."""
    program = (
        'require "bcrypt"; require "json"; puts JSON.parse(STDIN.read).map { |q| q["hash"] '
        '? BCrypt::Password.new(q["hash"]) == q["password"] + q["pepper"] '
        ': BCrypt::Password.create(q["password"] + q["pepper"], cost: 5) }.to_json')
    return json.loads(
        subprocess.run(["ruby", "-e", program], input=json.dumps(questions), capture_output=True, text=True, check=True).stdout)


def node(questions):
    """scrypt of Node.js with Lucia's parameters; r is 16 for version 2, 8 for version 1."""
    program = (
        'const {scryptSync} = require("crypto"); const q = JSON.parse(require("fs").readFileSync(0)); console.log(JSON.stringify('
        'q.map(({password, salt, r}) => scryptSync(password, salt, 64, {N: 16384, r, p: 1, maxmem: 1 << 26}).toString("hex"))))')
    return json.loads(
        subprocess.run(["node", "-e", program], input=json.dumps(questions), capture_output=True, text=True, check=True).stdout)


def b64(data):
    return base64.b64encode(data).decode()


def bare(data):
    return b64(data).rstrip("=")


def phpass_digits(data):
    """Base64 of phpass and Drupal: three bytes, the lowest bits first."""
    alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    text = ""
    for start in range(0, len(data), 3):
        group = data[start:start + 3]
        bits = int.from_bytes(group, "little")
        text += "".join(alphabet[bits >> 6 * index & 63] for index in range(len(group) + 1))
    return text


def drupal(password):
    salt = secrets.token_urlsafe(6).replace("-", ".").replace("_", "/")
    digest = hashlib.sha512((salt + password).encode()).digest()
    for _ in range(1 << 15):
        digest = hashlib.sha512(digest + password.encode()).digest()
    return ("$S$D" + salt + phpass_digits(digest))[:55]


def described(password):
    """Formats that no library of PyPI, npm or Debian writes: made from their published descriptions."""
    raw = password.encode()
    salt = secrets.token_bytes(16)
    pbkdf2 = lambda name, rounds, length, salt=salt: hashlib.pbkdf2_hmac(name, raw, salt, rounds, length)
    yield "Drupal 7 (described)", drupal(password)
    yield "Drupal 6 in 7 (described)", "U" + drupal(hashlib.md5(raw).hexdigest())
    yield "ASP.NET Identity 2 (described)", b64(b"\0" + salt + pbkdf2("sha1", 1000, 32))
    yield "ASP.NET Identity 3 (described)", b64(
        b"\1" + b"".join(number.to_bytes(4, "big") for number in (2, 1000, 16)) + salt + pbkdf2("sha512", 1000, 32))
    yield "Keycloak (described)", f"pbkdf2_sha256$1000${salt.hex()}${b64(pbkdf2('sha256', 1000, 64, salt.hex().encode()))}"
    yield "PHC PBKDF2 (described)", f"$pbkdf2-sha512$i=1000,l=64${bare(salt)}${bare(pbkdf2('sha512', 1000, 64))}"
    yield "MediaWiki (described)", f":pbkdf2:sha256:1000:128:{b64(salt)}:{b64(pbkdf2('sha256', 1000, 128))}"
    yield "Spring PBKDF2 (described)", "{pbkdf2}" + (salt[:8] + pbkdf2("sha1", 185000, 32, salt[:8])).hex()
    yield "Spring PBKDF2 5.8 (described)", "{pbkdf2@SpringSecurity_v5_8}" + (salt + pbkdf2("sha256", 310000, 32)).hex()
    key = hashlib.scrypt(raw, salt=salt, n=1 << 14, r=8, p=1, maxmem=1 << 26, dklen=32)
    yield "Spring scrypt (described)", "{scrypt}$e0801$" + b64(salt) + "$" + b64(key)
    yield "Kratos scrypt (described)", f"$scrypt$ln=16384,r=8,p=1${b64(salt)}${b64(key)}"
    yield "Dovecot PBKDF2 (described)", f"{{PBKDF2}}$1${salt.hex()}$5000${pbkdf2('sha1', 5000, 20, salt.hex().encode()).hex()}"


def firebase_hash(password):
    salt, separator, signer = secrets.token_bytes(10), secrets.token_bytes(1), secrets.token_bytes(64)
    key = firebase.generate_derived_key(password, b64(salt), b64(separator), 8, 11)
    return (
        f"$fbscrypt$v=1,n=11,r=8,p=1,ss={b64(separator)},sk={b64(signer)}${b64(salt)}${b64(firebase.encrypt(signer, key))}")


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
        for ident in "PH":
            yield "passlib phpass", password, passlib.hash.phpass.using(rounds=8, ident=ident).hash(password)
        for scheme in (
            passlib.hash.pbkdf2_sha1, passlib.hash.pbkdf2_sha256, passlib.hash.pbkdf2_sha512, passlib.hash.ldap_pbkdf2_sha1,
            passlib.hash.ldap_pbkdf2_sha256, passlib.hash.ldap_pbkdf2_sha512):
            yield "passlib " + scheme.name, password, scheme.using(rounds=1000).hash(password)
        yield "firebase-scrypt", password, firebase_hash(password)
        for maker, made in described(password):
            yield maker, password, made
        for prefix, kind in (("2|", argon2.Type.I), ("3|", argon2.Type.ID), ("{argon2}", argon2.Type.ID)):
            made = argon2.PasswordHasher(type=kind, memory_cost=1024).hash(password)
            yield "argon2-cffi behind " + prefix, password, prefix + made
        digest = hashlib.sha256(password.encode()).hexdigest().encode()
        yield "bcrypt of SHA-256", password, "{sha256-hex}" + bcrypt.hashpw(digest, bcrypt.gensalt(5)).decode()
    lucia = [
        {"password": password, "salt": secrets.token_hex(8), "r": r} for password in PASSWORDS + [LONG] for r in (16, 8)
    ]
    for question, key in zip(lucia, node(lucia)):
        mark = "s2:" if question["r"] == 16 else ""
        yield f"Node.js, Lucia {'2' if mark else '1'}", question["password"], f"{mark}{question['salt']}:{key}"
    wordpress = [{"password": " " + password + "\t", "algorithm": "wordpress"} for password in PASSWORDS + [LONG]]
    for question, made in zip(wordpress, php(wordpress)):
        yield "PHP as WordPress 6.8", question["password"].strip(), made
    for question, made in zip(wordpress, ruby([{"password": q["password"].strip(), "pepper": ""} for q in wordpress[:4]])):
        yield "bcrypt-ruby", question["password"].strip(), made
    for password in PASSWORDS:
        for prefix in ("{bcrypt}", "{BLF-CRYPT}", "1|"):
            yield "bcrypt behind " + prefix, password, prefix + bcrypt.hashpw(password.encode(), bcrypt.gensalt(5)).decode()
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
    "bcrypt-2a": [lambda password, stored: bcrypt.checkpw(password.encode(), stored.encode())],
    "bcrypt-2y": [lambda password, stored: php([{"password": password, "hash": stored}])[0]],
    "wordpress-bcrypt": [lambda password, stored: php([{"password": password, "wordpress": stored}])[0]],
    "aspnet-identity-v3": [lambda password, stored: described_aspnet(password, stored)],
    "django-pbkdf2-sha256": [hashers.check_password],
    "django-scrypt": [hashers.check_password],
    "werkzeug-scrypt": [lambda password, stored: werkzeug.security.check_password_hash(stored, password)],
    "argon2id": [
        lambda password, stored: verified(argon2.PasswordHasher(), password, stored),
        lambda password, stored: hashers.check_password(password, "argon2" + stored),
        lambda password, stored: php([{"password": password, "hash": stored}])[0],
    ],
}


def described_aspnet(password, stored):
    raw = base64.b64decode(stored)
    prf, rounds, length = (int.from_bytes(raw[start:start + 4], "big") for start in (1, 5, 9))
    salt, key = raw[13:13 + length], raw[13 + length:]
    return raw[0] == 1 and prf == 2 and hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, len(key)) == key


PEPPER = "0123456789abcdef" * 8


def peppers(keyturn):
    """bcrypt-ruby and we must agree about passwords with Devise's pepper, both ways."""
    stored = ruby([{"password": password, "pepper": PEPPER} for password in PASSWORDS])
    rows = [{"email": f"pepper-{number}@example.com", "password_hash": made} for number, made in enumerate(stored)]
    keyturn.run("user", "import", "-", input="\n".join(map(json.dumps, rows)))
    keyturn.environment["KEYTURN_PASSWORDS_PEPPER"] = PEPPER
    keyturn.serve()
    for number, password in enumerate(PASSWORDS):
        # Of 72 bytes nothing of the pepper is left, and a wrong last letter is still wrong.
        said = [keyturn.login(f"pepper-{number}@example.com", each) for each in (password, password[:-1] + "!")]
        if said != [200, 401]:
            yield f"bcrypt-ruby with a pepper: {password[:20]}… was answered {said}"
    keyturn.stop()
    for number, password in enumerate(PASSWORDS):
        email = f"ours-{number}@example.com"
        keyturn.run("user", "add", email, "--password-stdin", input=password + "\n", KEYTURN_PASSWORDS_SCHEME="bcrypt-2a")
        with sqlite3.connect(keyturn.database) as database:
            (made,) = database.execute("SELECT password_hash FROM users WHERE email = ?", [email]).fetchone()
        if ruby([{"password": password, "pepper": PEPPER, "hash": made}]) != [True]:
            yield f"bcrypt-ruby does not take our peppered hash of {password[:20]}…"
    del keyturn.environment["KEYTURN_PASSWORDS_PEPPER"]
    print(f"{2 * len(PASSWORDS)} peppered hashes are taken, by bcrypt-ruby and by keyturn")


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
            "KEYTURN_PASSWORDS_PBKDF2_ITERATIONS": "1000", "KEYTURN_PASSWORDS_ASPNET_ITERATIONS": "1000",
            # What is imported is to be checked, not what becomes of it.
            "KEYTURN_PASSWORDS_REHASH": "false",
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
    for maker in sorted({maker for maker, _, _ in made}):
        print("  " + maker)
    print(f"{len(made)} hashes of {len({maker for maker, _, _ in made})} makers are taken by keyturn")


def is_taken(keyturn, has_argon2):
    count = 0
    for scheme, judges in OURS.items():
        if scheme == "argon2id" and not has_argon2:
            continue
        for number, password in enumerate(PASSWORDS + [LONG] * (not scheme.startswith("bcrypt"))):
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
            print("without Argon2: OpenSSL is older than 3.2, and there is no libargon2")
        failures = [*takes_theirs(keyturn, has_argon2), *is_taken(keyturn, has_argon2), *peppers(keyturn)]
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
