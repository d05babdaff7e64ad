/* session_file - the file of a session; see session.h. Thread: one. */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct session_data {
	char *auth_url, *email, *access_token, *refresh_token;
	int64_t access_ends_ms;
};

/* Replaces a text by a copy of @value. 0 or -ENOMEM. */
MUST_CHECK int session_data_set(char **text, const char *value);
void session_data_free(struct session_data *d);

/* 0; -ENOENT where there is none; -EINVAL for one that is not ours; -errno. */
MUST_CHECK int session_file_load(struct session_data *ret);

/* Writes a new file in place of the old one, mode 0600 in a folder of mode 0700. */
MUST_CHECK int session_file_save(const struct session_data *d);

/* Waits until no other command holds the lock. An fd for session_file_unlock(), or -errno. */
MUST_CHECK int session_file_lock(void);
void session_file_unlock(int fd);
