/*
 * retention - deletes what of each device's history is older than it is to be kept
 *
 * Asks auth for all devices, then cuts their histories one after the other. Meant to run once a day beside the rest.
 */
#include "cli/retention_devices.h"
#include "cli/retention_history.h"
#include "base/clock.h"
#include "base/time.h"
#include "cli/command.h"
#include "service/log.h"
#include "service/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

static struct client_options auth = { 0 };
static struct store_options mongodb = { .app_name = "pettrack-retention", .pool_max = 2 };
static struct history history;
static int64_t days_default, unknown_max;
static bool erase_unknown;

static const struct setting settings[] = {
	{ "RETENTION_DAYS", "0", setting_int, &days_default,
		"for devices that have no retention_days; 0: their history is kept for ever", 0, 36500 },
	{ "RETENTION_DRY_RUN", "false", setting_bool, &history.dry_run,
		"say what would be deleted, and delete nothing" },
	{ "RETENTION_BATCH", "10000", setting_int, &history.batch, "positions deleted in one piece", 1, 1000000 },
	{ "RETENTION_RATE", "10000", setting_int, &history.rate, "positions deleted in a second at most; 0: no bound",
		0, INT64_C(1000000000) },
	{ "RETENTION_ERASE_UNKNOWN", "false", setting_bool, &erase_unknown,
		"also delete all that is stored of devices that auth does not know: those that were deleted" },
	{ "RETENTION_UNKNOWN_MAX", "50", setting_int, &unknown_max,
		"percent of the devices with a history that may be unknown; with more nothing is erased, as auth may "
		"be "
		"another installation's",
		0, 100 },
	{ "RETENTION_PATIENCE", "1m", setting_duration, &history.patience_ms,
		"how long to try again what auth or MongoDB does not answer", 0, 3600000 },
	{ "AUTH_URL", "http://127.0.0.1:8081", setting_text, &auth.base_url, "where auth answers" },
	{ "CLIENT_ID", "retention", setting_text, &auth.client_id, "this program's name at auth" },
	{ "CLIENT_SECRET", NULL, setting_text, &auth.client_secret, "its secret, with the scope devices.retention",
		.flags = SETTING_SECRET | SETTING_REQUIRED },
	{ "MONGODB_URI", "mongodb://127.0.0.1:27017/pettrack?replicaSet=rs0", setting_text, &mongodb.uri,
		"MongoDB's URI, database included", .flags = SETTING_SECRET },
	{ "MONGODB_TIMEOUT", "30s", setting_duration, &mongodb.timeout_ms, "how long a call waits for a server", 100,
		600000 },
	{ 0 },
};

struct sums {
	size_t devices, limited; /* known; of which with a limit */
	int64_t cut, positions; /* devices of whose history something was deleted; how much of it */
	int64_t erased, erased_positions; /* the same of unknown ones */
};

/* ---- what is said ---- */

/* Lines on standard output for a dry run, else the log. @before: NULL where all of the history goes. */
static void say_device(const struct uuid *device, int64_t days, const char *before, int64_t n)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(id, device);
	if (history.dry_run && before)
		printf("%s  %" PRId64 " positions before %s, %" PRId64 " days\n", id, n, before, days);
	else if (history.dry_run)
		printf("%s  %" PRId64 " positions, unknown to auth\n", id, n);
	else if (before)
		log_info("history cut", LOG_S("device", id), LOG_I("days", days), LOG_S("before", before),
			LOG_I("positions", n));
	else
		log_info("history erased", LOG_S("device", id), LOG_I("positions", n));
}

static void say_sums(const struct sums *s, int64_t took_ms)
{
	if (history.dry_run)
		printf("%" PRId64 " positions of %" PRId64 " devices would be deleted.\n",
			s->positions + s->erased_positions, s->cut + s->erased);
	log_info(history.dry_run ? "counted" : "done", LOG_I("devices", s->devices), LOG_I("limited", s->limited),
		LOG_I("cut", s->cut), LOG_I("positions", s->positions), LOG_I("erased", s->erased),
		LOG_I("erasedPositions", s->erased_positions), LOG_I("ms", took_ms));
}

/* A failure of MongoDB's, said. Returns @r. */
static int store_failed(const char *doing, int r)
{
	if (r == -ECANCELED)
		log_warn("told to stop before the end", LOG_S("doing", doing));
	else
		log_error("MongoDB failed", LOG_S("doing", doing),
			LOG_S("error", r == -ENOMEM ? strerror(-r) : store_last_error()));
	return r;
}

/* ---- histories with a limit ---- */

/* Limits count whole days, UTC: what is deleted is the same at whatever hour of the day this runs. */
static int64_t limit_of(int64_t days, int64_t now_ms)
{
	return now_ms - now_ms % DAY_MS - days * DAY_MS;
}

static int cut_one(const struct retention_device *d, int64_t days, int64_t now_ms, struct sums *sums)
{
	int64_t before_ms = limit_of(days, now_ms), n = 0;
	char before[TIME_TEXT_SIZE];
	int r = history_cut(&history, &d->id, before_ms, &n);

	time_format(before, before_ms);
	if (n)
		say_device(&d->id, days, before, n);
	sums->cut += n > 0;
	sums->positions += n;
	return r ? store_failed("cutting a history", r) : 0;
}

static int cut_all(const struct retention_devices *known, struct sums *sums)
{
	int64_t now_ms = clock_real_ms();
	int r = 0;

	for (size_t i = 0; r == 0 && i < known->n; i++) {
		const struct retention_device *d = &known->items[i];
		int64_t days = d->days ? d->days : days_default;
		if (days == 0)
			continue;
		sums->limited++;
		r = service_stopping() ? store_failed("cutting a history", -ECANCELED) : cut_one(d, days, now_ms, sums);
	}
	return r;
}

/* ---- histories of nobody ---- */

static size_t count_unknown(const struct uuids *stored, const struct retention_devices *known)
{
	size_t n = 0;

	for (size_t i = 0; i < stored->n; i++)
		n += !retention_devices_know(known, &stored->items[i]);
	return n;
}

/* Whether the list is to be believed. The wrong one would cost everybody's history. */
static bool believable(const struct uuids *stored, const struct retention_devices *known)
{
	size_t unknown = count_unknown(stored, known);

	if (unknown == 0 || (known->n > 0 && unknown * 100 <= (size_t)unknown_max * stored->n))
		return true;
	log_error("too many devices are unknown to auth: nothing is erased", LOG_I("unknown", unknown),
		LOG_I("stored", stored->n), LOG_I("known", known->n), LOG_I("percentAllowed", unknown_max));
	return false;
}

static int erase_one(const struct uuid *device, struct sums *sums)
{
	int64_t n = 0;
	int r = history_erase(&history, device, &n);

	if (n)
		say_device(device, 0, NULL, n);
	sums->erased += r == 0;
	sums->erased_positions += n;
	return r ? store_failed("erasing a history", r) : 0;
}

static int erase_all(const struct uuids *stored, const struct retention_devices *known, struct sums *sums)
{
	int r = believable(stored, known) ? 0 : -EPERM;

	for (size_t i = 0; r == 0 && i < stored->n; i++) {
		if (retention_devices_know(known, &stored->items[i]))
			continue;
		r = service_stopping() ? store_failed("erasing a history", -ECANCELED)
				       : erase_one(&stored->items[i], sums);
	}
	return r;
}

/* ---- the command ---- */

static int read_known(struct retention_devices *ret)
{
	struct client *client;
	int r = client_open(&client, &auth);

	if (r)
		return complain("--auth-url: %s", strerror(-r)), r;
	r = retention_devices_read(ret, client, history.patience_ms);
	if (r)
		log_error("auth does not list the devices", LOG_S("url", auth.base_url),
			LOG_S("error", r < 0 ? strerror(-r) : client_last_error()));
	client_close(client);
	return r;
}

/* Whose history there is must be known before auth is asked who exists: then a device that is added meanwhile is not
 * taken for one that is gone. */
static int retain(void)
{
	struct retention_devices known = { 0 };
	struct uuids stored = { 0 };
	struct sums sums = { 0 };
	int64_t begun = clock_mono_ms();
	int r = erase_unknown ? history_devices(&history, &stored) : 0;

	if (r)
		r = store_failed("looking whose histories there are", r);
	else
		r = read_known(&known);
	sums.devices = known.n;
	if (r == 0)
		r = cut_all(&known, &sums);
	if (r == 0 && erase_unknown)
		r = erase_all(&stored, &known, &sums);
	say_sums(&sums, clock_mono_ms() - begun);
	free(stored.items);
	retention_devices_free(&known);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(int argc, char **argv)
{
	const struct service service = {
		.name = argv[0],
		.summary = "Deletes what of each device's history is older than the device's retention_days, else than "
			   "RETENTION_DAYS.\nDays are whole UTC days: with 30, what is from the 30th day before today "
			   "or later "
			   "stays. Only `positions` is\ncut; a device's latest position stays, however old. Meant to "
			   "run once a day "
			   "beside the rest: it deletes piece\nby piece at a bounded rate. It needs auth and MongoDB, "
			   "where it may "
			   "find and remove in `positions` and, to\nerase, remove in `latest`.\n\nThe exit status is 0 "
			   "when all is "
			   "done, and 1 when something failed or SIGTERM came first; what is not done\nthen is done "
			   "the next time.",
		.settings = settings,
		.prefix = "RETENTION_",
	};
	int r = service_start(&service, argc, argv);

	if (r)
		return settings_exit(r);
	r = store_open(&history.store, &mongodb);
	if (r)
		return complain("MONGODB_URI: %s", store_last_error());
	int status = retain();
	store_close(history.store);
	return status;
}

const struct command command_retention = { "retention", "delete history that is older than it is to be kept", run };
