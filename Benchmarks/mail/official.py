"""SendGrid's own Python library, a client a thread as its documentation shows it.
usage: official.py ORIGIN BODY_FILE THREADS SECONDS, then prints mails a second and CPU microseconds a mail."""
import json, sys, threading, time
from sendgrid import SendGridAPIClient

origin, body_file, threads, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
with open(body_file) as file:
    body = json.load(file)
sent = [0] * threads
end = time.monotonic() + seconds


def work(place):
    client = SendGridAPIClient("SG.benchmark.benchmarkbenchmarkbenchmarkbenchmark", host=origin)
    while time.monotonic() < end:
        assert client.send(body).status_code == 202
        sent[place] += 1


spent = time.process_time()
workers = [threading.Thread(target=work, args=(place,)) for place in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(f"{sum(sent) / seconds:.0f} {(time.process_time() - spent) * 1e6 / sum(sent):.2f}")
