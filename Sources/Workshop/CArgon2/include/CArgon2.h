// What libargon2.so.1 takes and gives, written down here, so that the library is needed neither to build nor to start.
#ifndef KEYTURN_CARGON2_H
#define KEYTURN_CARGON2_H

#include <stddef.h>
#include <stdint.h>

struct keyturn_argon2_context {
    uint8_t *out;
    uint32_t outlen;
    uint8_t *pwd;
    uint32_t pwdlen;
    uint8_t *salt;
    uint32_t saltlen;
    uint8_t *secret;
    uint32_t secretlen;
    uint8_t *ad;
    uint32_t adlen;
    uint32_t t_cost;
    uint32_t m_cost;
    uint32_t lanes;
    uint32_t threads;
    uint32_t version;
    int (*allocate)(uint8_t **memory, size_t bytes);
    void (*release)(uint8_t *memory, size_t bytes);
    uint32_t flags;
};

// The library's one entrance for every variant: type 1 is Argon2i, 2 is Argon2id. Returns 0, or a negative code.
typedef int (*keyturn_argon2_ctx)(struct keyturn_argon2_context *context, int type);

#endif
