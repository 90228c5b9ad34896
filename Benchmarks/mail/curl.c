// libcurl's multi interface, connections kept alive: as many transfers at once as connections, each begun again when it ends.
// usage: curl URL CA_FILE BODY_FILE CONNECTIONS SECONDS, then prints mails a second and CPU microseconds a mail.
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static size_t ignore(char *bytes, size_t size, size_t count, void *context) { return size * count; }

int main(int count, char **arguments) {
    if (count != 6) return 64;
    static char body[1 << 20];
    FILE *file = fopen(arguments[3], "r");
    if (!file) return 1;
    long length = (long)fread(body, 1, sizeof body, file);
    int connections = atoi(arguments[4]);
    curl_global_init(CURL_GLOBAL_ALL);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections);
    struct curl_slist *fields = NULL;
    fields = curl_slist_append(fields, "Authorization: Bearer SG.benchmark.benchmarkbenchmarkbenchmarkbenchmark");
    fields = curl_slist_append(fields, "Content-Type: application/json");
    fields = curl_slist_append(fields, "Accept: application/json");
    fields = curl_slist_append(fields, "Expect:");
    for (int i = 0; i < connections; i++) {
        CURL *easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, arguments[1]);
        curl_easy_setopt(easy, CURLOPT_CAINFO, arguments[2]);
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, length);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
        curl_multi_add_handle(multi, easy);
    }
    // The first second is for handshakes.
    double warm = now() + 1, end = warm + atof(arguments[5]), began = 0, spent = 0;
    long mails = 0;
    int running, left;
    for (;;) {
        curl_multi_perform(multi, &running);
        double time = now();
        if (!began && time >= warm) began = time, spent = cpu(), mails = 0;
        if (time >= end) break;
        CURLMsg *message;
        int ended = 0;
        while ((message = curl_multi_info_read(multi, &left))) {
            CURL *easy = message->easy_handle;
            long status = 0;
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            if (message->data.result != CURLE_OK || status != 202) return 1;
            ended++;
            curl_multi_remove_handle(multi, easy);
            curl_multi_add_handle(multi, easy);
        }
        mails += ended;
        // Those that begin again have something to write at once.
        if (!ended) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    printf("%.0f %.2f\n", (double)mails / (now() - began), (cpu() - spent) * 1e6 / (double)mails);
}
