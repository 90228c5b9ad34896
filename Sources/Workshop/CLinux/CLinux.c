// Defined here and not in the header: two modules that see the C library differently cannot be imported together.
#define _GNU_SOURCE
#include "CLinux.h"

int clinux_accept4(int listener, struct sockaddr *address, socklen_t *length, int flags) {
    return accept4(listener, address, length, flags);
}
