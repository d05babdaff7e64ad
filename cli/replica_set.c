/* replica-set - makes a mongod of one's own a replica set, where no shell of MongoDB's is at hand. */
#include "cli/command.h"
#include "cli/patience.h"
#include "service/log.h"
#include "service/service.h"
#include "store/replica_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_SIZE = 256 };

static struct replica_set_options options;
static int64_t timeout_ms;

/* Says why it waits, once for each reason. */
static void say_why(char last[static REASON_SIZE])
{
	const char *why = store_last_error();

	if (!strcmp(last, why))
		return;
	snprintf(last, REASON_SIZE, "%s", why);
	log_info("waiting for MongoDB", LOG_S("reason", why));
}

static int until_ready(void)
{
	struct patience patience = patience_of(timeout_ms);
	enum replica_set_step step = REPLICA_SET_READY;
	char reason[REASON_SIZE] = "";
	int r;

	do {
		r = replica_set_step(&options, &step);
		if (r == STORE_E_RETRY)
			say_why(reason);
		else if (r == 0 && step == REPLICA_SET_MADE)
			log_info("replica set made");
		else if (r == 0 && step == REPLICA_SET_RENAMED)
			log_info("member renamed", LOG_S("member", options.member));
		else
			return r;
	} while (patience_left(&patience));
	return STORE_E_RETRY;
}

static int run(int argc, char **argv)
{
	static const struct setting settings[] = {
		{ "MONGODB_URI", "mongodb://127.0.0.1:27017/?replicaSet=rs0", setting_text, &options.uri,
			"the server; its replicaSet is the set's name, as mongod's --replSet has it",
			.flags = SETTING_SECRET },
		{ "MONGODB_MEMBER", NULL, setting_text, &options.member,
			"HOST:PORT by which every client reaches the server; without it the URI's. A set of one that "
			"is there "
			"already gets this address" },
		{ "PETTRACK_TIMEOUT", "2m", setting_duration, &timeout_ms,
			"how long to wait for the server and a primary", 1000, 3600000 },
		{ 0 },
	};
	const struct service service = {
		.name = argv[0],
		.summary =
			"Makes a MongoDB server a replica set of one, which Pettrack's majority writes need, and waits "
			"until it is\nprimary. Where that is so, nothing changes. For development; the server is "
			"started with "
			"--replSet NAME.",
		.settings = settings,
		.prefix = "PETTRACK_",
	};
	int r = service_start(&service, argc, argv);

	if (r)
		return settings_exit(r);
	r = until_ready();
	if (r)
		return complain("MongoDB is no replica set with a primary: %s", store_last_error());
	puts("MongoDB is a replica set and has a primary.");
	return EXIT_SUCCESS;
}

const struct command command_replica_set = { "replica-set", "make a MongoDB server a replica set of one", run };
