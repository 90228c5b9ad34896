"""Start, memory and latency by the number of users.

    scale.py KEYTURN USERS …
"""
import http.client, json, os, re, shutil, signal, statistics, subprocess, sys, tempfile, time

keyturn, sizes = sys.argv[1], [int(text) for text in sys.argv[2:]]
STARTS, QUESTIONS = 7, 400
# The password is "password of everybody"; as cheap as a hash can be, so that the look-up is not lost in it.
HASH = None


def environment(work):
    return dict(
        PATH=os.environ["PATH"], KEYTURN_SERVER_PORT="0", KEYTURN_ADMIN_PORT="0", KEYTURN_SERVER_PUBLIC_URL="http://localhost",
        KEYTURN_DATABASE_PATH=work + "/keyturn.sqlite", KEYTURN_SECRETS_STANDARD="scale-scale-scale-scale-scale-0123456789",
        KEYTURN_MAIL_PROVIDER="capture", KEYTURN_MAIL_CAPTURE_DIRECTORY=work + "/mail", KEYTURN_MAIL_FROM_NAME="Scale",
        KEYTURN_MAIL_FROM_EMAIL="scale@example.org", KEYTURN_PASSWORDS_SCRYPT_LOG_N="1", KEYTURN_PASSWORDS_SCRYPT_R="1",
        KEYTURN_PASSWORDS_SCRYPT_P="1", KEYTURN_LIMITS_PER_CLIENT_RATE="1000000/s", KEYTURN_LIMITS_PER_CLIENT_BURST="1000000")


def command(work, *words, **more):
    return subprocess.run([keyturn, *words], env=environment(work), check=True, capture_output=True, text=True, **more).stdout


def milliseconds(action, times=STARTS):
    def once():
        start = time.perf_counter()
        action()
        return (time.perf_counter() - start) * 1000

    return statistics.median(once() for _ in range(times))


class Service:
    def __init__(self, work):
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [keyturn, "serve"], env=environment(work), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(re.search(r":(\d+)$", self.process.stdout.readline().strip())[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)
        self.ask("GET", "/healthz")
        self.ready = (time.perf_counter() - begin) * 1000

    def ask(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"} if body else {})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def memory(self):
        text = open(f"/proc/{self.process.pid}/status").read()
        return {name: int(re.search(name + r":\s+(\d+)", text)[1]) / 1024 for name in ("VmRSS", "RssAnon", "RssFile")}

    def latency(self, path, body, status):
        times = []
        for number in range(QUESTIONS):
            start = time.perf_counter()
            got = self.ask("POST", path, body(number))
            times.append((time.perf_counter() - start) * 1000)
            if got != status:
                sys.exit(f"{path}: {got} instead of {status}")
        return statistics.median(times)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def a_hash():
    """Of keyturn's own making, with the cost of this run."""
    work = tempfile.mkdtemp(prefix="keyturn-scale-")
    command(work, "user", "add", "one@example.com", "--password-stdin", input="password of everybody\n")
    exported = command(work, "user", "export", "-")
    shutil.rmtree(work)
    return json.loads(exported.splitlines()[0])["password_hash"]


def address(number):
    """Everybody's own, in no order."""
    return f"{number * 2654435761 % 4294967296:08x}@example.com"


def fill(work, users):
    """- Returns: seconds that `user import` took."""
    rows = work + "/users.csv"
    with open(rows, "w") as file:
        file.write("email,password_hash,verified\n")
        for number in range(users):
            file.write(f"{address(number)},\"{HASH}\",true\n")
    start = time.perf_counter()
    command(work, "user", "import", rows)
    taken = time.perf_counter() - start
    os.remove(rows)
    return taken


print(f"{os.path.getsize(keyturn) / 1e6:.1f} MB stripped; --version in {milliseconds(lambda: command('/tmp', '--version')):.1f} ms")
HASH = a_hash()
print(f"{'users':>9} {'import s':>9} {'ready ms':>9} {'resident':>9} {'anon':>6} {'file':>6} {'known ms':>9} {'unknown':>8}"
      f" {'login ms':>9} {'unknown':>8} {'then MiB':>9}")
for users in sizes:
    work = tempfile.mkdtemp(prefix="keyturn-scale-")
    try:
        imported = fill(work, users)
        readies = []
        for _ in range(STARTS):
            service = Service(work)
            readies.append(service.ready)
            service.stop()
        service = Service(work)
        time.sleep(2)
        idle = service.memory()
        step = max(users // QUESTIONS, 1)
        someone = lambda number: address(number * step % users)
        known = service.latency("/forgot-password", lambda n: {"email": someone(n)}, 202)
        unknown = service.latency("/forgot-password", lambda n: {"email": f"nobody{n}@example.com"}, 202)
        login = service.latency("/login", lambda n: {"email": someone(n), "password": "password of everybody"}, 200)
        stranger = service.latency("/login", lambda n: {"email": f"nobody{n}@example.com", "password": "password of everybody"}, 401)
        print(f"{users:>9} {imported:>9.1f} {statistics.median(readies):>9.1f} {idle['VmRSS']:>9.1f} {idle['RssAnon']:>6.1f}"
              f" {idle['RssFile']:>6.1f} {known:>9.2f} {unknown:>8.2f} {login:>9.2f} {stranger:>8.2f}"
              f" {service.memory()['VmRSS']:>9.1f}", flush=True)
        service.stop()
    finally:
        shutil.rmtree(work)
