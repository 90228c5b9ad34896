"""The outbox of the built binary: how many durable POST /forgot-password a second it takes (wrk beside it, 256 connections, the
worker at work), what SQLite alone can promise on the same disk, how fast requests for unknown addresses drain, and how long a
known one waits behind 100,000 of them. usage: outbox.py KEYTURN LIMIT WRK_SCRIPT"""
import json, os, re, signal, sqlite3, subprocess, sys, tempfile, time, urllib.request

KEYTURN, LIMIT, WRK_SCRIPT = sys.argv[1:4]
FLOOD = 100_000
POSTERS = 256
SECONDS = 3
ROUNDS = 3


class Keyturn:
    def __init__(self, place, **changes):
        self.place, self.path = place, os.path.join(place, "keyturn.sqlite")
        self.env = {
            "PATH": os.environ["PATH"], "KEYTURN_SERVER_PORT": "0", "KEYTURN_ADMIN_PORT": "0",
            "KEYTURN_SERVER_PUBLIC_URL": "https://accounts.example.com", "KEYTURN_DATABASE_PATH": self.path,
            "KEYTURN_SECRETS_STANDARD": "a benchmark's secret of 32 bytes and more: 0123456789",
            "KEYTURN_MAIL_PROVIDER": "capture", "KEYTURN_MAIL_CAPTURE_DIRECTORY": os.path.join(place, "mails"),
            "KEYTURN_MAIL_FROM_EMAIL": "no-reply@example.com", "KEYTURN_MAIL_FROM_NAME": "Example",
            "KEYTURN_LIMITS_PER_CLIENT_RATE": "1000000/s", "KEYTURN_LIMITS_PER_CLIENT_BURST": "1000000",
            "KEYTURN_OUTBOX_CAPACITY": "10000000", "KEYTURN_LOG_LEVEL": "warning", **changes,
        }

    def command(self, *arguments):
        subprocess.run([KEYTURN, *arguments], env=self.env, check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        self.process = subprocess.Popen([KEYTURN, "serve"], env=self.env, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split("listening on ")[1].strip()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def post(self, email):
        body = json.dumps({"email": email}).encode()
        request = urllib.request.Request(self.url + "/forgot-password", body, {"Content-Type": "application/json"})
        assert urllib.request.urlopen(request).status == 202

    def mailed(self):
        folder = os.path.join(self.place, "mails")
        return os.path.isdir(folder) and any(name.endswith(".json") for name in os.listdir(folder))

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def posts(place):
    with Keyturn(place) as keyturn:
        before = keyturn.cpu_seconds()
        said = subprocess.run(
            ["wrk", "-t1", f"-c{POSTERS}", f"-d{SECONDS}s", "--latency", "-s", WRK_SCRIPT,
             keyturn.url + "/forgot-password"], capture_output=True, text=True, check=True).stdout
        spent = keyturn.cpu_seconds() - before
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    count = int(re.search(r"(\d+) requests in", said)[1])
    return (float(re.search(r"Requests/sec: +([0-9.]+)", said)[1]), re.search(r"99% +(\S+)", said)[1],
            spent * 1e6 / count, int(refused[1]) if refused else 0)


def limit(place):
    keyturn = Keyturn(place)
    keyturn.command("migrate")
    return float(subprocess.run([LIMIT, keyturn.path, str(SECONDS)], capture_output=True, text=True, check=True).stdout)


def flood(place):
    """Everybody unknown is there already when the worker starts; the known one comes last."""
    keyturn = Keyturn(place)
    keyturn.command("migrate")
    keyturn.command("user", "add", "known@example.com")
    now = int(time.time() * 1000)
    database = sqlite3.connect(keyturn.path)
    with database:
        database.executemany(
            "INSERT INTO intake (address, recorded_at) VALUES (?, ?)",
            ((f"unknown-{i}@example.com", now - FLOOD + i) for i in range(FLOOD)))
    with keyturn:
        began, left, waited = time.monotonic(), FLOOD + 1, None
        keyturn.post("known@example.com")
        while left > 0 or not waited:
            time.sleep(0.05)
            left = database.execute("SELECT (SELECT COUNT(*) FROM intake) + (SELECT COUNT(*) FROM outbox)").fetchone()[0]
            if not waited and keyturn.mailed():
                waited = time.monotonic() - began
        took = time.monotonic() - began
    database.close()
    return FLOOD / took, waited


def measured(measure):
    with tempfile.TemporaryDirectory(prefix="keyturn-bench-") as place:
        return measure(place)


rounds = [(measured(posts), measured(limit)) for _ in range(ROUNDS)]
(rate, late, spent, refused), alone = max(post for post, _ in rounds), max(limit for _, limit in rounds)
print(f"durable POST /forgot-password  {rate:10,.0f} /s   {spent:.1f} µs CPU each, 99 % within {late}, {refused} refused")
print(f"SQLite alone, 256 a commit     {alone:10,.0f} /s   × {rate / alone:.2f}")
rate, waited = measured(flood)
print(f"unknown addresses drained      {rate:10,.0f} /s")
print(f"a known one behind {FLOOD:,}     {waited:10.1f} s")
