"""Start, memory and latency by the number of users. All tables are filled first; then the services are asked in turn, so that whatever
else the machine does meets all of them alike.

    scale.py KEYTURN USERS …
"""
import asyncio, http.client, json, multiprocessing, os, random, re, shutil, signal, socket, statistics, subprocess, sys, tempfile, time

keyturn, sizes = sys.argv[1], [int(text) for text in sys.argv[2:]]
STARTS, QUESTIONS, PAUSE = 15, 300, 0.005
# As cheap as a hash can be, so that the look-up is not lost in it.
PASSWORD, COST = "password of everybody", dict(LOG_N="1", R="1", P="1")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


MAIL = free_port()


async def take_mails():
    async def meet(reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                writer.write(b"HTTP/1.1 202 Accepted\r\nX-Message-Id: one\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    await (await asyncio.start_server(meet, "127.0.0.1", MAIL)).serve_forever()


def environment(work):
    return dict(
        PATH=os.environ["PATH"], KEYTURN_SERVER_PORT="0", KEYTURN_ADMIN_PORT="0", KEYTURN_SERVER_PUBLIC_URL="http://localhost",
        KEYTURN_DATABASE_PATH=work + "/keyturn.sqlite", KEYTURN_SECRETS_STANDARD="scale-scale-scale-scale-scale-0123456789",
        KEYTURN_MAIL_PROVIDER="sendgrid", KEYTURN_MAIL_SENDGRID_BASE_URL=f"http://127.0.0.1:{MAIL}", SENDGRID_API_KEY="SG.nobody",
        KEYTURN_MAIL_FROM_NAME="Scale", KEYTURN_MAIL_FROM_EMAIL="scale@example.org",
        KEYTURN_LIMITS_PER_CLIENT_RATE="1000000/s", KEYTURN_LIMITS_PER_CLIENT_BURST="1000000",
        **{"KEYTURN_PASSWORDS_SCRYPT_" + name: value for name, value in COST.items()})


def command(work, *words, **more):
    return subprocess.run([keyturn, *words], env=environment(work), check=True, capture_output=True, text=True, **more).stdout


def milliseconds(action):
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


class Table:
    """A database of so many users, and the service on it."""

    def __init__(self, users, stored_hash):
        self.users = users
        self.work = tempfile.mkdtemp(prefix="keyturn-scale-")
        rows = self.work + "/users.csv"
        with open(rows, "w") as file:
            file.write("email,password_hash,verified\n")
            for number in range(users):
                file.write(f"{address(number)},\"{stored_hash}\",true\n")
        self.imported = milliseconds(lambda: command(self.work, "user", "import", rows)) / 1000
        os.remove(rows)
        self.times = {}

    def start(self):
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [keyturn, "serve"], env=environment(self.work), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = int(re.search(r":(\d+)$", self.process.stdout.readline().strip())[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.ask("GET", "/healthz", None, 200)
        self.note("ready", (time.perf_counter() - begin) * 1000)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def ask(self, method, path, body, expected):
        fields = {"Content-Type": "application/json"} if body else {}
        self.connection.request(method, path, json.dumps(body) if body else None, fields)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != expected:
            sys.exit(f"{path}: {answer.status} instead of {expected}")

    def time(self, name, *question):
        self.note(name, milliseconds(lambda: self.ask("POST", *question)))

    def note(self, name, value):
        self.times.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.times[name])

    def someone(self, number):
        return address(number * max(self.users // QUESTIONS, 1) % self.users)

    def memory(self):
        text = open(f"/proc/{self.process.pid}/status").read()
        return {name: int(re.search(name + r":\s+(\d+)", text)[1]) / 1024 for name in ("VmRSS", "RssAnon", "RssFile")}


def address(number):
    """Everybody's own, in no order."""
    return f"{number * 2654435761 % 4294967296:08x}@example.com"


def a_hash():
    """Of keyturn's own making, with the cost of this run."""
    work = tempfile.mkdtemp(prefix="keyturn-scale-")
    command(work, "user", "add", "one@example.com", "--password-stdin", input=PASSWORD + "\n")
    exported = command(work, "user", "export", "-")
    shutil.rmtree(work)
    return json.loads(exported.splitlines()[0])["password_hash"]


def questions(table, number):
    somebody, nobody = table.someone(number), f"nobody{number}@example.com"
    return [
        ("known", "/forgot-password", {"email": somebody}, 202), ("unknown", "/forgot-password", {"email": nobody}, 202),
        ("login", "/login", {"email": somebody, "password": PASSWORD}, 200),
        ("stranger", "/login", {"email": nobody, "password": PASSWORD}, 401)]


def measure(tables):
    for _ in range(STARTS):
        for table in tables:
            table.start()
            table.stop()
    for table in tables:
        table.start()
    time.sleep(2)
    idle = [table.memory() for table in tables]
    for number in range(QUESTIONS):
        # In no order: what one question leaves to be done, the next must wait for.
        asked = [(table, question) for table in tables for question in questions(table, number)]
        random.shuffle(asked)
        for table, question in asked:
            table.time(*question)
            time.sleep(PAUSE)
    for table, memory in zip(tables, idle):
        print(f"{table.users:>9} {table.imported:>9.1f} {table.median('ready'):>9.1f} {memory['VmRSS']:>9.1f} {memory['RssAnon']:>6.1f}"
              f" {memory['RssFile']:>6.1f} {table.median('known'):>9.2f} {table.median('unknown'):>8.2f} {table.median('login'):>9.2f}"
              f" {table.median('stranger'):>8.2f} {table.memory()['VmRSS']:>9.1f}", flush=True)
        table.stop()


def main():
    version = statistics.median(milliseconds(lambda: command("/tmp", "--version")) for _ in range(STARTS))
    print(f"{os.path.getsize(keyturn) / 1e6:.1f} MB stripped; --version in {version:.1f} ms")
    multiprocessing.Process(target=lambda: asyncio.run(take_mails()), daemon=True).start()
    stored_hash, tables = a_hash(), []
    try:
        for users in sizes:
            tables.append(Table(users, stored_hash))
        print(f"{'users':>9} {'import s':>9} {'ready ms':>9} {'resident':>9} {'anon':>6} {'file':>6} {'known ms':>9} {'unknown':>8}"
              f" {'login ms':>9} {'unknown':>8} {'then MiB':>9}", flush=True)
        measure(tables)
    finally:
        for table in tables:
            shutil.rmtree(table.work)


main()
