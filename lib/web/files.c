/* files - a folder in memory, sorted by name. */
#include "web/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	COUNT_MAX = 2000,
	BYTES_MAX = 64 << 20,
	DEPTH_MAX = 8,
};

struct files {
	struct file *list;
	size_t n, room;
	size_t bytes; /* of all */
};

static const struct {
	const char *ending, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".map", "application/json" },
	{ ".geojson", "application/geo+json" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".jpg", "image/jpeg" },
	{ ".gif", "image/gif" },
	{ ".webp", "image/webp" },
	{ ".ico", "image/x-icon" },
	{ ".woff2", "font/woff2" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".md", "text/plain; charset=utf-8" },
};

static const char *type_of(const char *name)
{
	const char *ending = strrchr(name, '.');

	for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
		if (!strcasecmp(types[i].ending, ending))
			return types[i].type;
	return "application/octet-stream";
}

/* FNV-1a: it only has to change when the content does. */
static uint64_t hash(const char *bytes, size_t n)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)bytes[i]) * 1099511628211u;
	return h;
}

/* ---- reading ---- */

static int read_all(int fd, char *out, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, out, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO; /* it shrank meanwhile */
		out += got;
		n -= (size_t)got;
	}
	return 0;
}

static int make_room(struct files *f)
{
	if (f->n < f->room)
		return 0;
	size_t room = f->room ? f->room * 2 : 32;
	struct file *list = realloc(f->list, room * sizeof *list);
	if (!list)
		return -ENOMEM;
	f->list = list;
	f->room = room;
	return 0;
}

/* Adds what @fd holds; @name is stolen. */
static int add_file(struct files *f, int fd, char *name, size_t len)
{
	struct file file = { .name = name, .type = type_of(name), .bytes = malloc(len + 1), .len = len };
	int r = file.bytes ? read_all(fd, file.bytes, len) : -ENOMEM;

	if (r == 0)
		r = make_room(f);
	if (r) {
		free(file.bytes);
		free(name);
		return r;
	}
	snprintf(file.etag, sizeof file.etag, "\"%016llx\"", (unsigned long long)hash(file.bytes, len));
	f->list[f->n++] = file;
	f->bytes += len;
	return 0;
}

static int add_folder(struct files *f, int fd, char *prefix, int depth);

/* Takes over @fd. */
static int add_entry(struct files *f, int fd, const char *prefix, const char *name, int depth)
{
	struct stat st;
	char *path = NULL;
	int r = 0;

	if (fstat(fd, &st))
		r = -errno;
	else if (asprintf(&path, "%s%s%s", prefix, name, S_ISDIR(st.st_mode) ? "/" : "") < 0)
		r = -ENOMEM;
	else if (S_ISDIR(st.st_mode))
		return add_folder(f, fd, path, depth + 1);
	else if (S_ISREG(st.st_mode) && (f->n == COUNT_MAX || (uint64_t)st.st_size > BYTES_MAX - f->bytes))
		r = -EFBIG;
	else if (S_ISREG(st.st_mode)) {
		r = add_file(f, fd, path, (size_t)st.st_size);
		path = NULL;
	}
	free(path);
	close(fd);
	return r;
}

static int add_entries(struct files *f, DIR *dir, const char *prefix, int depth)
{
	const struct dirent *e;
	int r = 0;

	while (r == 0 && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		int fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0)
			r = add_entry(f, fd, prefix, e->d_name, depth);
		else if (errno != ELOOP) /* a symbolic link */
			r = -errno;
	}
	return r;
}

/* Takes over @fd and @prefix. */
static int add_folder(struct files *f, int fd, char *prefix, int depth)
{
	DIR *dir = depth < DEPTH_MAX ? fdopendir(fd) : NULL;
	int r = dir ? 0 : depth < DEPTH_MAX ? -errno : -EFBIG;

	if (dir) {
		r = add_entries(f, dir, prefix, depth);
		closedir(dir);
	} else {
		close(fd);
	}
	free(prefix);
	return r;
}

static int add_top(struct files *f, const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	char *prefix = strdup("");
	if (prefix)
		return add_folder(f, fd, prefix, 0);
	close(fd);
	return -ENOMEM;
}

/* ---- life ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

int files_open(struct files **ret, const char *dir)
{
	struct files *f = calloc(1, sizeof *f);

	if (!f)
		return -ENOMEM;
	int r = add_top(f, dir);
	if (r) {
		files_close(f);
		return r;
	}
	if (f->n)
		qsort(f->list, f->n, sizeof *f->list, by_name);
	*ret = f;
	return 0;
}

void files_close(struct files *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++) {
		free(f->list[i].name);
		free(f->list[i].bytes);
	}
	free(f->list);
	free(f);
}

const struct file *files_find(const struct files *f, const char *name)
{
	struct file key = { .name = (char *)name };

	return f->n ? bsearch(&key, f->list, f->n, sizeof *f->list, by_name) : NULL;
}

bool files_etag_listed(const char *list, const char *etag)
{
	size_t len = strlen(etag);

	for (const char *at = list; *at; at += *at == ',') {
		at += strspn(at, " \t");
		if (!strncmp(at, "W/", 2)) /* weak comparison is what If-None-Match asks for */
			at += 2;
		if (*at == '*' || !strncmp(at, etag, len))
			return true;
		at += strcspn(at, ",");
	}
	return false;
}
