/* export - `pettrack export`: all that Pettrack has of whoever is logged in, into a ZIP file. */
#include "cli/command.h"
#include "cli/device.h"
#include "client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *output;
static struct client_options query;

static const struct setting settings[] = {
	{ "PETTRACK_QUERY_URL", "http://127.0.0.1:8083", setting_text, &query.base_url, "where query answers" },
	{ "PETTRACK_OUTPUT", "pettrack-export.zip", setting_text, &output, "the file; -: standard output" },
	{ "PETTRACK_TIMEOUT", "30s", setting_duration, &query.timeout_ms, "how long nothing may come", 1000, 3600000 },
	{ 0 },
};

static bool to_file(void *owner, const void *bytes, size_t n)
{
	return fwrite(bytes, 1, n, owner) == n;
}

/* 0, or what client_download() gives; what session_token() gives is said here, as -ECANCELED. */
static int download(struct session *session, FILE *to)
{
	struct client *client;
	const char *token;
	int r = session_token(session, &token);

	if (r) {
		complain("%s", session_error(r));
		return -ECANCELED;
	}
	r = client_open(&client, &query);
	if (r)
		return r;
	r = client_download(client, "/v1/export", token, to_file, to);
	client_close(client);
	return r;
}

static int tell(int r)
{
	if (r == -ECANCELED)
		return EXIT_FAILURE;
	return complain("no export: %s", r == -EPIPE ? "it cannot be written"
					 : r < 0     ? strerror(-r)
						     : client_last_error());
}

/* For the user's eyes only. */
static FILE *create(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");

	if (fd >= 0 && !to)
		close(fd);
	return to;
}

/* Under its name only when it is whole. */
static int save(struct session *session, const char *file)
{
	char part[4096];

	if (snprintf(part, sizeof part, "%s.part", file) >= (int)sizeof part)
		return complain("%s: the name is too long", file);
	FILE *to = create(part);
	if (!to)
		return complain("%s: %s", part, strerror(errno));
	int r = download(session, to);
	if (fclose(to) && r == 0)
		r = -EPIPE;
	if (r == 0 && rename(part, file))
		r = -errno;
	if (r) {
		unlink(part);
		return tell(r);
	}
	printf("%s\n", file);
	return EXIT_SUCCESS;
}

static int print(struct session *session)
{
	int r = download(session, stdout);

	if (r == 0 && fflush(stdout))
		r = -EPIPE;
	return r ? tell(r) : EXIT_SUCCESS;
}

static int run(int argc, char **argv)
{
	static const char summary[] =
		"Saves all that Pettrack has of you: account, devices, positions as JSON and GPX.";
	struct session *session;
	int status;

	if (!device_begin(&(struct service){ argv[0], summary, settings, "PETTRACK_" }, argc, argv, &session, &status))
		return status;
	status = strcmp(output, "-") ? save(session, output) : print(session);
	session_close(session);
	return status;
}

const struct command command_export = { "export", "save all that Pettrack has of you, as a ZIP", run };
