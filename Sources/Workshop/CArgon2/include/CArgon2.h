#ifndef KEYTURN_CARGON2_H
#define KEYTURN_CARGON2_H

#include <argon2.h>

#endif
