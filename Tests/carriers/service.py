"""keyturn as the checks run it: on a database of its own, on free ports."""

import glob, json, os, re, subprocess, tempfile, time, urllib.error, urllib.request


class Service:
    """`with Service(keyturn, KEYTURN_…="…") as service:` runs `keyturn serve` until the end of the block."""

    def __init__(self, keyturn, **settings):
        self.keyturn, self.folder = keyturn, tempfile.mkdtemp(prefix="keyturn-check-")
        self.environment = {
            "PATH": os.environ["PATH"], "KEYTURN_SERVER_PORT": "0", "KEYTURN_ADMIN_PORT": "0",
            "KEYTURN_SERVER_PUBLIC_URL": "http://localhost:8080", "KEYTURN_DATABASE_PATH": self.folder + "/k.sqlite",
            "KEYTURN_SECRETS_STANDARD": "checks-checks-checks-0123456789abcdef", "KEYTURN_MAIL_PROVIDER": "capture",
            "KEYTURN_MAIL_CAPTURE_DIRECTORY": self.folder + "/mail", "KEYTURN_MAIL_FROM_NAME": "Müller & Söhne, \"Konten\"",
            "KEYTURN_MAIL_FROM_EMAIL": "no-reply@example.org", "KEYTURN_PASSWORDS_SCRYPT_LOG_N": "10",
            "KEYTURN_MAIL_PER_ACCOUNT_BURST": "100", "KEYTURN_LIMITS_PER_CLIENT_RATE": "1000/s",
            "KEYTURN_LIMITS_PER_CLIENT_BURST": "1000", **settings}

    def command(self, *words, input=None):
        done = subprocess.run([self.keyturn, *words], env=self.environment, text=True, input=input, capture_output=True)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout.strip()

    def __enter__(self):
        self.log = self.folder + "/log"
        self.process = subprocess.Popen(
            [self.keyturn, "serve"], env=self.environment, text=True, stdout=subprocess.PIPE, stderr=open(self.log, "w"))
        line = self.process.stdout.readline()
        assert line, open(self.log).read()
        self.url = re.search(r"http://\S+", line)[0]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def post(self, path, language="en", **fields):
        request = urllib.request.Request(
            self.url + path, json.dumps(fields).encode(),
            {"Content-Type": "application/json", "Accept-Language": language, "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
        return urllib.request.urlopen(request, timeout=60).status

    def status(self, path):
        try:
            return urllib.request.urlopen(self.url + path, timeout=60).status
        except urllib.error.HTTPError as error:
            return error.code

    def captured(self):
        return [json.load(open(file)) for file in sorted(glob.glob(self.folder + "/mail/*.json"))]


def until(condition, what, seconds=90):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not seen: {what}"
        time.sleep(0.05)
    return value
