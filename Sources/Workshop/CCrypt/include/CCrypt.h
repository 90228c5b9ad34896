#ifndef KEYTURN_CCRYPT_H
#define KEYTURN_CCRYPT_H

#include <crypt.h>

#endif
