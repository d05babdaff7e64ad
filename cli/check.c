/*
 * check - one position through the whole system: `helm test`, and the first look when something is wrong
 *
 * A table of steps. One that fails keeps out those that need it, and the others are still tried, since which of them work
 * says where the fault is. What the steps make at auth is removed at the end, whatever happened.
 */
#include "base/clock.h"
#include "base/uuid.h"
#include "cli/account.h"
#include "cli/check_live.h"
#include "cli/check_report.h"
#include "cli/command.h"
#include "cli/devices.h"
#include "cli/enrol.h"
#include "cli/patience.h"
#include "client/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUERY_TIMEOUT_MS = 5000, PATH_SIZE = 256, TRACKERS = 2 };

static struct account account;
static const char *query_url, *live_url, *gateway, *gateway_teltonika;
static int64_t timeout_ms;
static bool json_wanted;

struct check {
	struct session *session;
	struct client *query;
	struct check_live *live;
	struct identities trackers[TRACKERS]; /* of one each: with a secret, and Teltonika's */
	struct check_fix fix; /* the last one that was sent */
	char reason[CHECK_REASON_SIZE]; /* of the step that fails */
};

static bool because(struct check *c, const char *reason)
{
	snprintf(c->reason, sizeof c->reason, "%s", reason);
	return false;
}

/* ---- auth ---- */

static bool log_in(struct check *c)
{
	account.wait_ms = timeout_ms;
	if (account_session(&account, &c->session) == 0)
		return true;
	const char *said = client_last_error();
	return because(c, said && *said ? said : "nobody is logged in");
}

static bool add_tracker(struct check *c, struct identities *ret, bool imei)
{
	struct patience patience = patience_of(timeout_ms);
	struct enrolment wanted = { 0 };
	char unique[UUID_TEXT_SIZE];
	struct uuid noise;
	int r = uuid_random(&noise);

	if (r == 0) {
		uuid_format(unique, &noise);
		snprintf(wanted.name, sizeof wanted.name, "pettrack check %s", unique);
		do
			r = enrol(c->session, &wanted, 1, imei, NULL, ret);
		while (r == SESSION_E_RETRY && patience_left(&patience));
	}
	return r == 0 || because(c, session_error(r));
}

static bool add_osmand(struct check *c)
{
	return add_tracker(c, &c->trackers[0], false);
}

static bool add_teltonika(struct check *c)
{
	return add_tracker(c, &c->trackers[1], true);
}

/* Whether nothing is left behind. */
static bool remove_trackers(struct check *c)
{
	bool removed = true;

	for (size_t i = 0; i < TRACKERS; i++) {
		struct patience patience = patience_of(timeout_ms);
		int r = 0;
		if (c->trackers[i].n)
			do
				r = devices_remove(c->session, c->trackers[i].items[0].id);
			while (r == SESSION_E_RETRY && patience_left(&patience));
		if (r && r != SESSION_E_MISSING)
			removed = because(c, session_error(r));
	}
	return removed;
}

/* ---- the gateway ---- */

static bool send_osmand(struct check *c)
{
	c->fix = check_fix_now();
	return check_fix_send(&c->fix, gateway, "osmand", c->trackers[0].items, timeout_ms, c->reason);
}

static bool send_teltonika(struct check *c)
{
	c->fix = check_fix_now();
	return check_fix_send(&c->fix, gateway_teltonika, "teltonika-8e", c->trackers[1].items, timeout_ms, c->reason);
}

/* ---- query ---- */

static bool is_latest(const json_t *answer, const struct check_fix *f)
{
	return check_fix_is(f, answer);
}

static bool in_history(const json_t *answer, const struct check_fix *f)
{
	const json_t *positions = json_object_get(answer, "positions");

	return json_array_size(positions) == 1 && check_fix_is(f, json_array_get(positions, 0));
}

/* Asks query for @path until the answer has the fix in it. */
static bool query_has(struct check *c, const char *path, bool (*has)(const json_t *answer, const struct check_fix *f))
{
	struct patience patience = patience_of(timeout_ms);
	const char *token;
	bool found = false;

	do {
		json_t *answer = NULL;
		int r = session_token(c->session, &token);
		if (r)
			return because(c, session_error(r));
		r = client_call(c->query, "GET", path, NULL, token, &answer, NULL);
		found = r == 0 && has(answer, &c->fix);
		json_decref(answer);
		if (r == 0 || r == CLIENT_E_MISSING)
			because(c, "acknowledged by the gateway, and not stored: does the writer run?");
		else
			because(c, r < 0 ? strerror(-r) : client_last_error());
	} while (!found && patience_left(&patience));
	return found;
}

static bool ask_latest(struct check *c, const struct identities *tracker)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/latest/%s", tracker->items[0].id);
	return query_has(c, path, is_latest);
}

static bool latest(struct check *c)
{
	return ask_latest(c, &c->trackers[0]);
}

static bool latest_teltonika(struct check *c)
{
	return ask_latest(c, &c->trackers[1]);
}

static bool history(struct check *c)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "/v1/history/%s?from=%s", c->trackers[0].items[0].id, c->fix.time);
	return query_has(c, path, in_history);
}

/* ---- live ---- */

static bool subscribe(struct check *c)
{
	int r = check_live_open(&c->live, live_url, c->session, c->trackers[0].items[0].id);

	if (r)
		return because(c, strerror(-r));
	return check_live_subscribed(c->live, timeout_ms) || because(c, check_live_reason(c->live));
}

static bool update(struct check *c)
{
	if (!send_osmand(c))
		return false;
	return check_live_pushed(c->live, &c->fix, timeout_ms) || because(c, check_live_reason(c->live));
}

/* ---- the table ---- */

enum step_name { LOG_IN, DEVICE, GATEWAY, LATEST, HISTORY, LIVE, UPDATE, IMEI, TELTONIKA, TELTONIKA_LATEST, STEPS };

#define NEEDS(step) (1u << (step))

static const struct step {
	const char *name;
	bool (*run)(struct check *c);
	unsigned needs; /* steps that must have gone well */
} steps[STEPS] = {
	[LOG_IN] = { "auth: log in", log_in, 0 },
	[DEVICE] = { "auth: add a device", add_osmand, NEEDS(LOG_IN) },
	[GATEWAY] = { "gateway: a position over HTTP", send_osmand, NEEDS(DEVICE) },
	[LATEST] = { "query: it is the latest", latest, NEEDS(GATEWAY) },
	[HISTORY] = { "query: it is in the history", history, NEEDS(LATEST) },
	[LIVE] = { "live: subscribe", subscribe, NEEDS(DEVICE) },
	[UPDATE] = { "live: the next position is pushed", update, NEEDS(GATEWAY) | NEEDS(LIVE) },
	[IMEI] = { "auth: add a device with an IMEI", add_teltonika, NEEDS(LOG_IN) },
	[TELTONIKA] = { "gateway: a position over Teltonika", send_teltonika, NEEDS(IMEI) },
	[TELTONIKA_LATEST] = { "query: it is the latest, too", latest_teltonika, NEEDS(TELTONIKA) },
};

/* Whether it went well, as the report has it. */
static bool run_step(struct check *c, struct check_report *report, const struct step *s)
{
	int64_t begun = clock_mono_ms();

	c->reason[0] = '\0';
	bool good = s->run(c);
	check_report_step(report, s->name, clock_mono_ms() - begun, good ? NULL : c->reason);
	return good;
}

static void run_steps(struct check *c, struct check_report *report)
{
	static const struct step last = { "auth: remove what was added", remove_trackers, 0 };
	unsigned good = 0;

	for (unsigned i = 0; i < STEPS; i++) {
		if (i >= IMEI && !gateway_teltonika)
			break;
		if ((good & steps[i].needs) != steps[i].needs)
			check_report_skipped(report, steps[i].name);
		else if (run_step(c, report, &steps[i]))
			good |= NEEDS(i);
	}
	if (good & (NEEDS(DEVICE) | NEEDS(IMEI)))
		run_step(c, report, &last);
}

static int check(void)
{
	struct check c = { 0 };
	struct check_report report = check_report_begin(json_wanted);
	int r = client_open(
		&c.query, &(struct client_options){ .base_url = query_url, .timeout_ms = QUERY_TIMEOUT_MS });

	if (r) {
		json_decref(report.steps);
		return complain("--query-url '%s': %s", query_url, strerror(-r));
	}
	run_steps(&c, &report);
	check_live_close(c.live);
	client_close(c.query);
	session_close(c.session);
	for (size_t i = 0; i < TRACKERS; i++)
		identities_free(&c.trackers[i]);
	return check_report_end(&report);
}

static int run(int argc, char **argv)
{
	static const struct setting settings[] = {
		{ "PETTRACK_REGISTER", "false", setting_bool, &account.enrol,
			"create the account of --email where it is not there" },
		ACCOUNT_SETTINGS(account),
		{ "PETTRACK_GATEWAY", "127.0.0.1:5055", setting_text, &gateway, "HOST:PORT for OsmAnd" },
		{ "PETTRACK_GATEWAY_TELTONIKA", NULL, setting_text, &gateway_teltonika,
			"HOST:PORT for Teltonika; without it that is not tried" },
		{ "PETTRACK_QUERY_URL", "http://127.0.0.1:8083", setting_text, &query_url, "where query answers" },
		{ "PETTRACK_LIVE_URL", "ws://127.0.0.1:8084/v1/live", setting_text, &live_url, "the live stream" },
		{ "PETTRACK_TIMEOUT", "30s", setting_duration, &timeout_ms, "how long each step may take", 100,
			3600000 },
		{ "PETTRACK_JSON", "false", setting_bool, &json_wanted, "print the result as JSON, at the end" },
		{ 0 },
	};
	const struct service service = {
		.name = argv[0],
		.summary = "Sends a position through the gateway and reads it back from query and from the live "
			   "stream, by a "
			   "device of\nits own that it removes again; its history stays until `pettrack retention "
			   "--erase-unknown`. The account is\nthe one of --email, else the one that is logged in. Says "
			   "a line a "
			   "step; the exit status is 1 when one failed.",
		.settings = settings,
		.prefix = "PETTRACK_",
	};
	int r = service_start(&service, argc, argv);

	return r ? settings_exit(r) : check();
}

const struct command command_check = { "check", "send a position through everything and read it back", run };
