/* archive - the order of its files. */
#include "query/export/internal.h"
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char readme[] =
	"All that Pettrack has of you.\n"
	"\n"
	"account.json      you; without your password, of which only a hash is kept\n"
	"invitations.json  those that you made\n"
	"sessions.json     where you are logged in\n"
	"tokens.json       your personal access tokens; not the tokens themselves, of which only hashes are kept\n"
	"devices.json      your devices and pets\n"
	"grants.json       what you share with others, and they with you\n"
	"links.json        your share links\n"
	"audit.json        what happened to your account\n"
	"latest.json       where each device is, and when it was last heard of\n"
	"positions/        where each device was, by its id: as JSON with all that it said, and as GPX for maps\n"
	"\n"
	"Each JSON file is a list. Times are UTC, places degrees (WGS 84), speeds m/s, altitudes and accuracies "
	"metres.\n";

/* ---- arrays ---- */

int archive_array_begin(struct archive *a, const char *name)
{
	int r = zip_entry(a->zip, name, a->now_ms);

	return r ? r : zip_write(a->zip, "[", 1);
}

int archive_array_add(struct archive *a, const char *json, size_t n, bool first)
{
	int r = zip_write(a->zip, first ? "\n" : ",\n", first ? 1 : 2);

	return r ? r : zip_write(a->zip, json, n);
}

int archive_array_end(struct archive *a, bool empty)
{
	static const char end[] = "\n]\n";

	return empty ? zip_write(a->zip, end + 1, 2) : zip_write(a->zip, end, 3);
}

/* ---- all of it ---- */

static int write_readme(struct archive *a)
{
	int r = zip_entry(a->zip, "README.txt", a->now_ms);

	return r ? r : zip_write(a->zip, readme, sizeof readme - 1);
}

int archive_run(struct archive *a)
{
	int r = write_readme(a);

	if (r == 0)
		r = archive_lists(a);
	if (r == 0)
		r = archive_latest(a);
	if (r == 0)
		r = archive_tracks(a);
	return r ? r : zip_finish(a->zip);
}

static int begin(struct archive *a)
{
	int r = archive_ask(a, "account", NULL, &a->account);

	if (r == 0 && json_array_size(json_object_get(a->account, "items")) == 0)
		r = ARCHIVE_E_GONE;
	return r ? r : zip_open(&a->zip, a->o.sink, a->o.owner);
}

int archive_open(struct archive **ret, const struct archive_options *o)
{
	struct archive *a = calloc(1, sizeof *a);

	if (!a)
		return -ENOMEM;
	a->o = *o;
	a->now_ms = clock_real_ms();
	a->devices = json_array();
	int r = a->devices ? begin(a) : -ENOMEM;
	if (r) {
		archive_close(a);
		return r;
	}
	*ret = a;
	return 0;
}

void archive_close(struct archive *a)
{
	if (!a)
		return;
	zip_close(a->zip);
	json_decref(a->account);
	json_decref(a->devices);
	free(a);
}
