/* zip - libarchive's writer, whose bytes go on to the sink at once. */
#include "zip/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

struct zip {
	struct archive *archive;
	struct archive_entry *entry;
	zip_sink sink;
	void *owner;
	bool refused; /* by the sink, or broken off: what comes is dropped */
};

/* Never fails: an archive that has failed is not taken down whole by libarchive 3.6, it leaks its compressor. */
static la_ssize_t on_write(struct archive *a, void *owner, const void *bytes, size_t n)
{
	struct zip *z = owner;

	(void)a;
	if (!z->refused && !z->sink(z->owner, bytes, n))
		z->refused = true;
	return (la_ssize_t)n;
}

static int result(const struct zip *z, bool ok)
{
	return z->refused ? -EPIPE : ok ? 0 : -EIO;
}

static int start(struct zip *z)
{
	/* No blocks of its own: what is small waits in the sink, if anywhere. */
	bool ok = archive_write_set_format_zip(z->archive) == ARCHIVE_OK &&
		  archive_write_set_bytes_per_block(z->archive, 0) == ARCHIVE_OK &&
		  archive_write_open(z->archive, z, NULL, on_write, NULL) == ARCHIVE_OK;

	return ok ? 0 : -ENOMEM;
}

int zip_open(struct zip **ret, zip_sink sink, void *owner)
{
	struct zip *z = calloc(1, sizeof *z);

	if (!z)
		return -ENOMEM;
	z->sink = sink;
	z->owner = owner;
	z->archive = archive_write_new();
	z->entry = archive_entry_new();
	int r = z->archive && z->entry ? start(z) : -ENOMEM;
	if (r) {
		zip_close(z);
		return r;
	}
	*ret = z;
	return 0;
}

int zip_entry(struct zip *z, const char *name, int64_t time_ms)
{
	archive_entry_clear(z->entry);
	archive_entry_set_pathname(z->entry, name);
	archive_entry_set_filetype(z->entry, AE_IFREG);
	archive_entry_set_perm(z->entry, 0644);
	archive_entry_set_mtime(z->entry, (time_t)(time_ms / 1000), 0);
	archive_entry_unset_size(z->entry);
	return result(z, archive_write_header(z->archive, z->entry) >= ARCHIVE_WARN);
}

int zip_write(struct zip *z, const void *bytes, size_t n)
{
	la_ssize_t done = n > 0 ? archive_write_data(z->archive, bytes, n) : 0;

	return result(z, done == (la_ssize_t)n);
}

int zip_finish(struct zip *z)
{
	return result(z, archive_write_close(z->archive) >= ARCHIVE_WARN);
}

void zip_close(struct zip *z)
{
	if (!z)
		return;
	z->refused = true; /* freeing writes the end of an archive that has none yet */
	archive_entry_free(z->entry);
	archive_write_free(z->archive);
	free(z);
}
