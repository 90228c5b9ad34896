#pragma once
#include <stddef.h>
#include <stdint.h>

/// The bytes of common.txt. They live as long as the process.
const uint8_t *common_passwords(void);
size_t common_passwords_length(void);
