/*
 * zip - a ZIP file that leaves as it is made
 *
 * The only folder that includes libarchive's headers. Entries are deflated; what an entry holds is not known before, so its size
 * stands behind it (APPNOTE.TXT 4.3.9), and any of them may have more than 4 GiB. Nothing is kept but the list of entries, for
 * the directory at the end: a file that ends before it is noticed by whoever reads it.
 *
 *     zip_open(&z, write, owner); zip_entry(z, "a.json", now); zip_write(z, text, n); ... zip_finish(z); zip_close(z);
 *
 * Thread: one a file.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zip;

/* Takes the file's next bytes, or returns false: nobody wants them any more. */
typedef bool (*zip_sink)(void *owner, const void *bytes, size_t n);

/* 0 or -ENOMEM. */
MUST_CHECK int zip_open(struct zip **ret, zip_sink sink, void *owner);

/* Begins the next entry. @name: a path of ASCII, without a slash before it. @time_ms: since 1970. 0; -EPIPE: the sink takes no
 * more; or -EIO. */
MUST_CHECK int zip_entry(struct zip *z, const char *name, int64_t time_ms);

/* Adds to the entry that was begun. The same. */
MUST_CHECK int zip_write(struct zip *z, const void *bytes, size_t n);

/* Ends the last entry and the file. The same. */
MUST_CHECK int zip_finish(struct zip *z);

/* Frees; without zip_finish() the file stays broken off. Accepts NULL. */
void zip_close(struct zip *z);
