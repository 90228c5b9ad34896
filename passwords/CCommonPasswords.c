#include "CCommonPasswords.h"

#pragma clang diagnostic ignored "-Wc23-extensions"
static const uint8_t list[] = {
#embed "common.txt"
};

const uint8_t *common_passwords(void) { return list; }

size_t common_passwords_length(void) { return sizeof list; }
