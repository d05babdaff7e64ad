/* capture - what the code under test writes to a descriptor */
#pragma once

#include <stddef.h>

/* From now on what goes to @fd (1 or 2) is kept. */
void capture_begin(int fd);

/* What was written to it, NUL-terminated, and the descriptor as it was before. Valid until the next call. */
const char *capture_end(int fd);
