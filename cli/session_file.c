/* session_file - the tokens on disk. */
#include "cli/session_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int session_data_set(char **text, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

void session_data_free(struct session_data *d)
{
	free(d->auth_url);
	free(d->email);
	free(d->access_token);
	free(d->refresh_token);
	*d = (struct session_data){ 0 };
}

/* The folder, made when it is not there, and @name in it. 0 or -errno. */
static int path_of(char out[static PATH_MAX], const char *name)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char folder[PATH_MAX];
	int n;

	if (config && *config == '/')
		n = snprintf(folder, sizeof folder, "%s", config);
	else if (home && *home == '/')
		n = snprintf(folder, sizeof folder, "%s/.config", home);
	else
		return -ENOENT;
	if (n >= PATH_MAX - NAME_MAX)
		return -ENAMETOOLONG;
	if (mkdir(folder, 0700) && errno != EEXIST)
		return -errno;
	strcat(folder, "/pettrack");
	if (mkdir(folder, 0700) && errno != EEXIST)
		return -errno;
	return snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int from_json(struct session_data *ret, const json_t *object)
{
	struct session_data d = { 0 };
	const char *url, *email, *access, *refresh;
	json_int_t ends;

	if (json_unpack((json_t *)(uintptr_t)object, "{s:s, s:s, s:s, s:s, s:I}", "auth_url", &url, "email", &email,
		    "access_token", &access, "refresh_token", &refresh, "access_ends_ms", &ends))
		return -EINVAL;
	int r = session_data_set(&d.auth_url, url);
	if (r == 0)
		r = session_data_set(&d.email, email);
	if (r == 0)
		r = session_data_set(&d.access_token, access);
	if (r == 0)
		r = session_data_set(&d.refresh_token, refresh);
	d.access_ends_ms = ends;
	if (r)
		session_data_free(&d);
	else
		*ret = d;
	return r;
}

int session_file_load(struct session_data *ret)
{
	char path[PATH_MAX];
	int r = path_of(path, "session.json");

	if (r)
		return r;
	FILE *f = fopen(path, "re");
	if (!f)
		return -errno;
	json_t *object = json_loadf(f, 0, NULL);
	fclose(f);
	r = object ? from_json(ret, object) : -EINVAL;
	json_decref(object);
	return r;
}

static int write_json(int fd, const struct session_data *d)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:I}", "auth_url", d->auth_url, "email", d->email,
		"access_token", d->access_token, "refresh_token", d->refresh_token, "access_ends_ms",
		(json_int_t)d->access_ends_ms);
	int r = object ? 0 : -ENOMEM;

	if (r == 0 && json_dumpfd(object, fd, JSON_INDENT(2)))
		r = -EIO;
	json_decref(object);
	return r;
}

int session_file_save(const struct session_data *d)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	int r = path_of(path, "session.json");

	if (r == 0)
		r = path_of(fresh, "session.json.XXXXXX");
	if (r)
		return r;
	int fd = mkstemp(fresh); /* mode 0600 */
	if (fd < 0)
		return -errno;
	r = write_json(fd, d);
	if (r == 0 && fsync(fd))
		r = -errno;
	close(fd);
	if (r == 0 && rename(fresh, path))
		r = -errno;
	if (r)
		unlink(fresh);
	return r;
}

int session_file_lock(void)
{
	char path[PATH_MAX];
	int r = path_of(path, "session.lock");

	if (r)
		return r;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX))
		if (errno != EINTR) {
			r = -errno;
			close(fd);
			return r;
		}
	return fd;
}

void session_file_unlock(int fd)
{
	close(fd);
}
