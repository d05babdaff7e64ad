/* link - `pettrack link`: a tracker of the account, shown to whoever has a link. */
#include "base/uuid.h"
#include "cli/command.h"
#include "cli/device.h"
#include "cli/links.h"
#include "cli/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool json_wanted, not_live, history;
static int64_t for_ms, blur;
static const char *label, *from, *until;

#define FOR_SETTING                                                                                                    \
	{                                                                                                              \
		"PETTRACK_FOR", "24h", setting_duration, &for_ms, "how long it is good from now on", 1000,             \
			3660LL * 86400000                                                                              \
	}

/* What auth answered: @answer, stolen, or why not. Returns the exit status. */
static int tell(int r, json_t *answer, void (*print)(const json_t *answer))
{
	if (r)
		return device_failed(r);
	if (json_wanted)
		device_print_json(answer);
	else
		print(answer);
	json_decref(answer);
	return EXIT_SUCCESS;
}

/* ---- add ---- */

static json_t *make_terms(void)
{
	return json_pack("{sI sb sb ss* ss* sI ss*}", "expires_in_s", (json_int_t)(for_ms / 1000), "live", !not_live,
		"history", history, "from", from, "until", until, "blur", (json_int_t)blur, "label", label);
}

/* The secret is shown this once. */
static void print_added(const json_t *link)
{
	const char *url = device_text(link, "url");

	printf("link     %s\n%s  %s\nexpires  %s\n", device_text(link, "id"), *url ? "url    " : "token  ",
		*url ? url : device_text(link, "token"), device_text(link, "expires"));
}

static int add_one(struct session *s, const json_t *device)
{
	json_t *terms = make_terms(), *link = NULL;
	int r = terms ? links_add(s, device_text(device, "id"), terms, &link) : -ENOMEM;

	json_decref(terms);
	return tell(r, link, print_added);
}

static int add(int argc, char **argv)
{
	static const struct setting settings[] = {
		FOR_SETTING,
		{ "PETTRACK_HISTORY", "false", setting_bool, &history, "show where it was, too" },
		{ "PETTRACK_NOT_LIVE", "false", setting_bool, &not_live, "do not show where it is, nor as it moves" },
		{ "PETTRACK_FROM", NULL, setting_text, &from,
			"show nothing before this time, such as 2026-01-02T08:00:00Z" },
		{ "PETTRACK_UNTIL", NULL, setting_text, &until, "nor from this time on" },
		{ "PETTRACK_BLUR", "0", setting_int, &blur,
			"show only which cell of a grid it is in: 4 (30 km) to 7 (150 m); 0: where it is", 0, 7 },
		{ "PETTRACK_LABEL", NULL, setting_text, &label, "whom it is for; only you see it" },
		DEVICE_JSON_SETTING(json_wanted),
		{ 0 },
	};

	return device_on_one(
		"Makes a link that shows a tracker to whoever has it. Give it to a walker or a vet who has no account.",
		settings, argc, argv, add_one);
}

/* ---- list ---- */

static const struct table_column columns[] = {
	{ "LINK", "id" },
	{ "FOR", "label" },
	{ "EXPIRES", "expires" },
	{ "OPENED", "uses" },
	{ "LAST", "last_used" },
};

static void print_list(const json_t *links)
{
	table_print(links, columns, sizeof columns / sizeof *columns);
}

static int list_one(struct session *s, const json_t *device)
{
	json_t *links = NULL;
	int r = links_of_device(s, device_text(device, "id"), &links);

	return tell(r, links, print_list);
}

static int list(int argc, char **argv)
{
	static const struct setting settings[] = { DEVICE_JSON_SETTING(json_wanted), { 0 } };

	return device_on_one(
		"Lists the links to a tracker, those that have expired too.", settings, argc, argv, list_one);
}

/* ---- one of them ---- */

/* Reads the settings, and has @act do it to the link that is named by the argument; @act returns the exit status. */
static int on_one(const char *summary, const struct setting *settings, int argc, char **argv,
	int (*act)(struct session *s, const char *id))
{
	static const char *id;
	struct session *session;
	int status;

	if (!device_begin(&(struct service){ argv[0], summary, settings, "PETTRACK_", "LINK", &id, 1 }, argc, argv,
		    &session, &status))
		return status;
	status = given_id(id, "link", "pettrack link list") ? act(session, id) : 2;
	session_close(session);
	return status;
}

static void print_renewed(const json_t *link)
{
	printf("expires  %s\n", device_text(link, "expires"));
}

static int renew_one(struct session *s, const char *id)
{
	json_t *terms = json_pack("{sI}", "expires_in_s", (json_int_t)(for_ms / 1000)), *link = NULL;
	int r = terms ? links_change(s, id, terms, &link) : -ENOMEM;

	json_decref(terms);
	return tell(r, link, print_renewed);
}

static int renew(int argc, char **argv)
{
	static const struct setting settings[] = { FOR_SETTING, DEVICE_JSON_SETTING(json_wanted), { 0 } };

	return on_one("Has a link end later, or sooner; also one that has expired.", settings, argc, argv, renew_one);
}

static int revoke_one(struct session *s, const char *id)
{
	int r = links_revoke(s, id);

	return r ? device_failed(r) : EXIT_SUCCESS;
}

static int revoke(int argc, char **argv)
{
	static const struct setting none[] = { { 0 } };

	return on_one("Ends a link for good: whoever watches by it is cut off.", none, argc, argv, revoke_one);
}

/* ---- the command ---- */

static const struct command subcommands[] = {
	{ "add", "DEVICE", add },
	{ "list", "DEVICE", list },
	{ "renew", "LINK", renew },
	{ "revoke", "LINK", revoke },
};

static int run(int argc, char **argv)
{
	return run_subcommand(subcommands, sizeof subcommands / sizeof *subcommands, argc, argv);
}

const struct command command_link = { "link", "links that show a tracker to strangers: add, list, renew, revoke", run };
