/* shares - `pettrack shares`: what the account shares, and what is shared with it. */
#include "cli/command.h"
#include "cli/device.h"
#include "cli/grants.h"
#include "cli/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ---- */

static const struct table_column given_columns[] = {
	{ "SHARE", "id" },
	{ "TO", "email" },
	{ "DEVICE", "device.name" },
	{ "RIGHTS", "rights" },
	{ "STATE", "state" },
};

static const struct table_column received_columns[] = {
	{ "SHARE", "id" },
	{ "FROM", "owner.email" },
	{ "DEVICE", "device.name" },
	{ "RIGHTS", "rights" },
	{ "STATE", "state" },
};

static int read_both(struct session *s, json_t **ret)
{
	json_t *given = NULL, *received = NULL;
	int r = grants_list(s, "given", &given);

	if (r == 0)
		r = grants_list(s, "received", &received);
	if (r) {
		json_decref(given);
		return r;
	}
	*ret = json_pack("{so so}", "given", given, "received", received);
	return *ret ? 0 : -ENOMEM;
}

/* A table with nothing in it is not shown. */
static void print_side(const json_t *list, const struct table_column *columns, const char *none)
{
	if (json_array_size(list) > 0)
		table_print(list, columns, sizeof given_columns / sizeof *given_columns);
	else
		puts(none);
}

static void print_both(const json_t *both)
{
	print_side(json_object_get(both, "received"), received_columns, "Nothing is shared with you.");
	putchar('\n');
	print_side(json_object_get(both, "given"), given_columns, "You share nothing.");
}

static int list(int argc, char **argv)
{
	static bool json_wanted;
	static const struct setting settings[] = { DEVICE_JSON_SETTING(json_wanted), { 0 } };
	struct session *session;
	json_t *both = NULL;
	int status;

	if (!device_begin(&(struct service){ argv[0],
				  "Lists what is shared with the account, and what it shares. Further: pettrack shares "
				  "accept, decline, leave or\nend SHARE.",
				  settings, "PETTRACK_" },
		    argc, argv, &session, &status))
		return status;
	int r = read_both(session, &both);
	session_close(session);
	if (r)
		return device_failed(r);
	if (json_wanted)
		device_print_json(both);
	else
		print_both(both);
	json_decref(both);
	return EXIT_SUCCESS;
}

/* ---- one of them ---- */

static int accept_one(struct session *s, const char *id)
{
	return grants_answer(s, id, "accept");
}

static int decline_one(struct session *s, const char *id)
{
	return grants_answer(s, id, "decline");
}

static const struct action {
	const char *name, *summary;
	int (*act)(struct session *s, const char *id);
} actions[] = {
	{ "accept", "Accepts what is offered to the account: the device is among those that are shared with it.",
		accept_one },
	{ "decline", "Declines what is offered to the account.", decline_one },
	{ "leave", "Leaves what is shared with the account: the device is seen no more.", grants_end },
	{ "end", "Stops sharing a device of the account with somebody.", grants_end },
};

static int run_action(const struct action *a, int argc, char **argv)
{
	static const char *id;
	static const struct setting none[] = { { 0 } };
	struct session *session;
	int status;

	if (!device_begin(&(struct service){ argv[0], a->summary, none, "PETTRACK_", "SHARE", &id, 1 }, argc, argv,
		    &session, &status))
		return status;
	if (given_id(id, "share", "pettrack shares")) {
		int r = a->act(session, id);
		status = r ? device_failed(r) : EXIT_SUCCESS;
	} else {
		status = 2;
	}
	session_close(session);
	return status;
}

static int run(int argc, char **argv)
{
	char name[64];

	for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof *actions; i++)
		if (!strcmp(argv[1], actions[i].name)) {
			snprintf(name, sizeof name, "%s %s", argv[0], argv[1]);
			argv[1] = name;
			return run_action(&actions[i], argc - 1, argv + 1);
		}
	return list(argc, argv);
}

const struct command command_shares = { "shares", "devices shared with others, or by them: accept, decline, leave",
	run };
