/* address - HOST:PORT as people write it */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { ADDRESS_HOST_SIZE = 256 };

/* "host:port" or "[address]:port", the port after the last colon. 0 or -EINVAL. */
MUST_CHECK int address_read(char ret_host[static ADDRESS_HOST_SIZE], uint16_t *ret_port, const char *text);
