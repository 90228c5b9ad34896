// A mail provider that costs next to nothing: TLS 1.3 on one thread, reads each request whole, answers 202 as SendGrid does.
// usage: server CERTIFICATE KEY, then prints its port.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static const char answer[] =
    "HTTP/1.1 202 Accepted\r\nServer: nginx\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nContent-Length: 0\r\n"
    "Connection: keep-alive\r\nX-Message-Id: yIn2b1QtSomething3DGg\r\nAccess-Control-Allow-Origin: https://sendgrid.api-docs.io\r\n"
    "Access-Control-Allow-Methods: POST\r\nAccess-Control-Allow-Headers: Authorization, Content-Type\r\n"
    "Access-Control-Max-Age: 600\r\nX-No-CORS-Reason: https://sendgrid.com/docs/\r\nStrict-Transport-Security: max-age=600\r\n\r\n";

struct connection {
    int descriptor;
    SSL *ssl;
    size_t length;
    char buffer[32768];
};

static void end(struct connection *c) {
    SSL_free(c->ssl);
    close(c->descriptor);
    free(c);
}

/// How many bytes the request at the front has; 0 while it is not whole.
static size_t whole(struct connection *c) {
    c->buffer[c->length] = 0;
    char *head = strstr(c->buffer, "\r\n\r\n");
    if (!head) return 0;
    char *field = strcasestr(c->buffer, "\r\ncontent-length:");
    size_t body = field && field < head ? strtoul(field + 17, NULL, 10) : 0;
    size_t length = (size_t)(head + 4 - c->buffer) + body;
    return length <= c->length ? length : 0;
}

static int serve(struct connection *c) {
    for (;;) {
        // Another connection's end must not be taken for this one's.
        ERR_clear_error();
        int count = SSL_read(c->ssl, c->buffer + c->length, (int)(sizeof c->buffer - 1 - c->length));
        if (count <= 0) return SSL_get_error(c->ssl, count) == SSL_ERROR_WANT_READ;
        c->length += (size_t)count;
        size_t length;
        while (c->length && (length = whole(c))) {
            if (SSL_write(c->ssl, answer, sizeof answer - 1) <= 0) return 0;
            memmove(c->buffer, c->buffer + length, c->length - length);
            c->length -= length;
        }
        if (c->length >= sizeof c->buffer - 1) return 0;
    }
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, arguments[1]) != 1) return 1;
    if (SSL_CTX_use_PrivateKey_file(context, arguments[2], SSL_FILETYPE_PEM) != 1) return 1;
    SSL_CTX_set_read_ahead(context, 1);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 512)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    int queue = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[64];
    epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(queue, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (c) {
                if (!serve(c)) end(c);
                continue;
            }
            int descriptor;
            while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                c = calloc(1, sizeof *c);
                c->descriptor = descriptor;
                c->ssl = SSL_new(context);
                SSL_set_fd(c->ssl, descriptor);
                SSL_set_accept_state(c->ssl);
                event.events = EPOLLIN;
                event.data.ptr = c;
                epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event);
            }
        }
    }
}
