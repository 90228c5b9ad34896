"""Slow, idle, resetting and flooding clients, each beside one good client whose answers are timed.

abuse.py BINARY: starts it on a free port of loopback, prints a line an attack, ends it. Exit status 1 where a promise is broken.
"""
import os, random, resource, select, signal, socket, struct, subprocess, sys, tempfile, threading, time

SLOW, IDLE, RESETS, FLOOD = 2_000, 10_000, 10_000, 2_000
GOOD_P99_MS = 50.0
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
broken = []


def serve(binary, directory, **changes):
    environment = {
        "PATH": os.environ["PATH"], "KEYTURN_SERVER_PORT": "0", "KEYTURN_ADMIN_PORT": "0",
        "KEYTURN_SERVER_PUBLIC_URL": "http://localhost", "KEYTURN_SECRETS_STANDARD": "abuse" * 8 + "0123456789",
        "KEYTURN_DATABASE_PATH": f"{directory}/abuse.sqlite", "KEYTURN_MAIL_PROVIDER": "capture",
        "KEYTURN_MAIL_CAPTURE_DIRECTORY": f"{directory}/mail", "KEYTURN_MAIL_FROM_EMAIL": "bench@example.org",
        "KEYTURN_MAIL_FROM_NAME": "Bench", "KEYTURN_SERVER_LIMITS_CONNECTIONS": "13000",
        "KEYTURN_SERVER_LIMITS_CONNECTIONS_PER_CLIENT": "13000", **changes}
    process = subprocess.Popen([binary, "serve"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    port = int(process.stdout.readline().decode().rsplit(":", 1)[1])
    return process, port


def connect(port):
    client = socket.socket()
    # One address has some 28,000 ports for one destination; loopback has many addresses.
    client.bind((f"127.0.0.{random.randrange(1, 250)}", 0))
    client.settimeout(20)
    client.connect(("127.0.0.1", port))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def good_client(port, requests=400, pause=0.005):
    """Milliseconds of each answer, over one connection."""
    client, times = connect(port), []
    for _ in range(requests):
        began = time.perf_counter()
        client.sendall(REQUEST)
        answer = b""
        while not answer.endswith(b'{"status":"ok"}'):
            piece = client.recv(65536)
            if not piece:
                raise ConnectionError("the good client was cut off")
            answer += piece
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(pause)
    client.close()
    return sorted(times)


def report(what, times, extra="", limit=GOOD_P99_MS):
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    print(f"{what:<44} good client p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  {extra}", flush=True)
    if p99 >= limit:
        broken.append(f"{what}: p99 {p99:.1f} ms, promised under {limit:.0f}")


def rss(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def slow(process, port):
    beginnings = [b"GET /healthz HTTP/1.1\r\nA: ", b"POST /login HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n"]
    clients = [connect(port) for _ in range(SLOW)]
    for place, client in enumerate(clients):
        client.sendall(beginnings[place % 2])
    stopping = threading.Event()

    def trickle():
        while not stopping.is_set():
            for client in clients:
                try:
                    client.send(b"a")
                except OSError:
                    pass
                if stopping.is_set():
                    break
            stopping.wait(0.2)

    thread = threading.Thread(target=trickle)
    thread.start()
    times = good_client(port)
    stopping.set()
    thread.join()
    report(f"{SLOW} clients that trickle heads and bodies", times)
    for client in clients:
        client.close()


def idle(process, port):
    before = rss(process)
    clients = []
    for _ in range(IDLE):
        client = connect(port)
        client.sendall(REQUEST)
        clients.append(client)
    for client in clients:
        client.recv(65536)
    time.sleep(1)
    each = (rss(process) - before) * 1024 / IDLE
    report(f"{IDLE} idle connections", good_client(port), f"{each:.0f} bytes of memory a connection")
    closed = 0
    for client in clients:
        readable, _, _ = select.select([client], [], [], 0) if client.fileno() < 1024 else ([], [], [])
        closed += bool(readable)
        client.close()
    if closed:
        broken.append(f"{closed} idle connections were closed early")


def resets(process, port):
    for place in range(RESETS):
        client = connect(port)
        client.sendall(REQUEST[: 1 + place % (len(REQUEST) - 1)])
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    report(f"after {RESETS} resets in mid-request", good_client(port))
    descriptors = len(os.listdir(f"/proc/{process.pid}/fd"))
    if descriptors > 200:
        broken.append(f"{descriptors} descriptors are open after the resets")


def flood(binary, directory):
    process, port = serve(binary, directory, KEYTURN_SERVER_LIMITS_CONNECTIONS="500")
    try:
        clients, told = [], 0
        for _ in range(FLOOD):
            client = connect(port)
            # An idle one would be closed for the next.
            try:
                client.sendall(REQUEST[:10])
            except OSError:
                pass
            clients.append(client)
        for client in clients:
            client.settimeout(0.02)
            try:
                told += client.recv(64).startswith(b"HTTP/1.1 503 ")
            except (TimeoutError, ConnectionError):
                pass
            client.close()
        time.sleep(0.2)
        report(f"after a flood of {FLOOD} where 500 have room", good_client(port, 100), f"{told} were told 503")
    finally:
        end(process)


def end(process):
    process.send_signal(signal.SIGTERM)
    if process.wait(timeout=30) != 0:
        broken.append(f"the service ended with {process.returncode}")


def main(binary):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as directory:
        process, port = serve(binary, directory)
        try:
            report("alone", good_client(port))
            slow(process, port)
            idle(process, port)
            resets(process, port)
        finally:
            end(process)
        flood(binary, directory)
    for line in broken:
        print("BROKEN", line)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
