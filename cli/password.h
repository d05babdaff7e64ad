/* password - from the person at the terminal, unseen */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* Asks with @prompt on the terminal and reads a line into @out. 0; -ENOTTY where nobody can be asked; -ENODATA for
 * nothing typed; -ENOSPC for too much; -errno. */
MUST_CHECK int password_ask(const char *prompt, char *out, size_t size);
