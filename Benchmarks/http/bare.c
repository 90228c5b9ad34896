// What this machine allows: an epoll loop a processor that reads no request but counts its empty lines, and answers each with the
// bytes of a file. No server that looks at what it is asked can be quicker.
//
//     bare PORT THREADS ANSWER
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { received_max = 1 << 16, events_max = 256, answers_max = 1 << 20 };

static int port;
static char answer[received_max];
static size_t answer_bytes;

static void check(int result, const char *what) {
    if (result >= 0) return;
    perror(what);
    exit(1);
}

static int listening(void) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    check(listener, "socket");
    check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), "SO_REUSEPORT");
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    check(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
    check(listen(listener, 4096), "listen");
    return listener;
}

static void watch(int queue, int descriptor, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    check(epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}

static void accept_all(int queue, int listener) {
    int one = 1, client;
    while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(queue, client, EPOLLIN | EPOLLET);
    }
}

// The requests of the load come whole, and their answers find room.
static void answer_all(int client, char *requests, char *answers) {
    ssize_t count = recv(client, requests, received_max, 0);
    if (count <= 0) {
        close(client);
        return;
    }
    size_t bytes = 0;
    char *rest = requests, *end;
    while ((end = memmem(rest, requests + count - rest, "\r\n\r\n", 4)) && bytes + answer_bytes <= answers_max) {
        memcpy(answers + bytes, answer, answer_bytes);
        bytes += answer_bytes;
        rest = end + 4;
    }
    send(client, answers, bytes, MSG_NOSIGNAL);
}

static void *loop(void *unused) {
    (void)unused;
    int listener = listening(), queue = epoll_create1(0);
    check(queue, "epoll_create1");
    watch(queue, listener, EPOLLIN);
    char *requests = malloc(received_max), *answers = malloc(answers_max);
    for (;;) {
        struct epoll_event events[events_max];
        int count = epoll_wait(queue, events, events_max, -1);
        for (int place = 0; place < count; place++) {
            int descriptor = events[place].data.fd;
            if (descriptor == listener) accept_all(queue, listener);
            else answer_all(descriptor, requests, answers);
        }
    }
}

int main(int count, char **arguments) {
    if (count != 4) return 64;
    port = atoi(arguments[1]);
    FILE *file = fopen(arguments[3], "r");
    if (!file) return 66;
    answer_bytes = fread(answer, 1, sizeof answer, file);
    pthread_t thread;
    for (int more = atoi(arguments[2]); more > 1; more--) pthread_create(&thread, NULL, loop, NULL);
    loop(NULL);
}
