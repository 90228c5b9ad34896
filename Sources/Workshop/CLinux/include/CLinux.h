#ifndef KEYTURN_CLINUX_H
#define KEYTURN_CLINUX_H

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/// accept4(2), which the C library declares to GNU sources only.
int clinux_accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);

/// Takes the pages of program and libraries that nobody can write out of the process; whoever needs one finds it again in its file.
void clinux_forget_unwritable_pages(void);

#endif
