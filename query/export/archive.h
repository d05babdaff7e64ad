/*
 * archive - all that Pettrack has of an owner, as a ZIP that is written while it is read
 *
 *     README.txt
 *     account.json, sessions.json, tokens.json, devices.json, grants.json, links.json, audit.json, ...   as auth has it
 *     latest.json                          where each device is, and when it was last heard of
 *     positions/DEVICE.json, .gpx          where each was
 *
 * Each JSON file is one array, an element a line. Lists come from auth page by page, positions from MongoDB one by one; the
 * slower of database and client sets the pace, and at no time more than a page of either is in memory.
 *
 * Thread: one an archive.
 */
#pragma once

#include "base/uuid.h"
#include "client/client.h"
#include "store/store.h"
#include "zip/zip.h"

struct archive_options {
	struct client *auth; /* with the scope account.export */
	struct store *store;
	struct uuid user;
	const char *address; /* that it was asked from, for the owner's log */
	zip_sink sink;
	void *owner;
};

struct archive;

/* Asks auth for the account, so that what fails at once can be answered. Borrows what the options point to. 0; ARCHIVE_E_GONE;
 * ARCHIVE_E_RETRY: auth does not answer; or -errno. */
enum archive_result { ARCHIVE_E_RETRY = 1, ARCHIVE_E_GONE };
MUST_CHECK int archive_open(struct archive **ret, const struct archive_options *o);

/* Writes all of it to the sink. 0; -EPIPE: the sink takes no more; -ECANCELED: the program ends; ARCHIVE_E_RETRY, or -errno: what
 * was written is no whole archive. */
MUST_CHECK int archive_run(struct archive *a);

void archive_close(struct archive *a); /* accepts NULL */
