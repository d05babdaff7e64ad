/* play - from settings to a fleet, and its result. */
#include "cli/play.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/address.h"
#include "cli/command.h"
#include "cli/enrol.h"
#include "service/log.h"
#include "service/service.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	TRACKERS_DEFAULT = 10,
	PATIENCE = 8, /* half a minute: a new secret takes a moment to reach every gateway */
	RENEW_PAUSE_MS = 10000, /* after a new secret was not to be had */
};

struct stage {
	const struct play *play;
	char host[ADDRESS_HOST_SIZE];
	struct fleet_options fleet;
	struct tracks tracks;
	struct identities identities;
	struct session *session; /* while trackers may need new secrets; NULL: nobody's */
	int64_t renew_ms; /* not before (monotonic) */
	struct fleet_member *members;
	size_t n;
};

/* ---- the gateway ---- */

static bool teltonika(const struct play *p)
{
	return !strcmp(p->protocol, "teltonika");
}

static int find_dialect(struct stage *s)
{
	char name[64];
	struct text t = text_in(name, sizeof name);

	text_puts(&t, s->play->protocol);
	if (teltonika(s->play)) {
		text_putc(&t, '-');
		text_puts(&t, s->play->codec);
	}
	s->fleet.dialect = dialect_find(name);
	if (s->fleet.dialect)
		return 0;
	complain("--protocol is osmand or teltonika, and --codec 8 or 8e");
	return 2;
}

static int take_address(struct stage *s)
{
	const char *text = s->play->gateway;

	if (!text)
		text = teltonika(s->play) ? "127.0.0.1:5027" : "127.0.0.1:5055";
	if (address_parse(s->host, &s->fleet.port, text)) {
		complain("--gateway '%s' is not HOST:PORT", text);
		return 2;
	}
	s->fleet.host = s->host;
	return 0;
}

/* ---- the trackers ---- */

static int read_tracks(struct stage *s)
{
	char fault[TRACKS_FAULT_SIZE];

	if (!s->play->tracks_path)
		return 0;
	int r = tracks_read(&s->tracks, s->play->tracks_path, fault);
	return r ? complain("%s: %s", s->play->tracks_path, r < 0 ? strerror(-r) : fault) : 0;
}

static int read_identities(struct stage *s)
{
	char fault[IDENTITIES_FAULT_SIZE];
	int r = identities_read(&s->identities, s->play->devices_path, fault);

	return r ? complain("%s: %s", s->play->devices_path, r < 0 ? strerror(-r) : fault) : 0;
}

static void count_trackers(struct stage *s)
{
	if (s->play->trackers)
		s->n = (size_t)s->play->trackers;
	else if (s->tracks.n)
		s->n = s->tracks.n;
	else if (s->identities.n)
		s->n = s->identities.n;
	else
		s->n = TRACKERS_DEFAULT;
}

static bool wanted(const struct play *p, const struct pet *pet)
{
	return !strcmp(p->species, "any") || (pet->species == SPECIES_DOG) == !strcmp(p->species, "dog");
}

/* The pet that tracker @i of the model has: of the wanted species, and all of them before one comes twice. */
static const struct pet *pet_of(const struct play *p, size_t i, size_t *ret_round)
{
	size_t n = 0, k = 0;

	for (size_t m = 0; m < PETS; m++)
		n += wanted(p, &pets[m]);
	*ret_round = i / n;
	for (i %= n;; k++)
		if (wanted(p, &pets[k]) && i-- == 0)
			return &pets[k];
}

static bool named_before(const struct tracks *t, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(t->items[k].name, t->items[i].name))
			return true;
	return false;
}

/* Two trackers never want a device of the same name. */
static struct enrolment enrolment_of(const struct stage *s, size_t i)
{
	struct enrolment e = { 0 };
	struct text t = text_in(e.name, sizeof e.name);
	size_t round = 0;
	char name[40];

	if (s->tracks.n) {
		size_t k = i % s->tracks.n;
		round = i / s->tracks.n;
		snprintf(name, sizeof name, "%s", s->tracks.items[k].name);
		if (named_before(&s->tracks, k))
			round += k + 1;
	} else {
		e.pet = pet_of(s->play, i, &round);
		snprintf(name, sizeof name, "%s", e.pet->name);
	}
	text_puts(&t, name);
	if (round)
		text_printf(&t, " %zu", round + 1);
	return e;
}

static int keep_identities(const struct stage *s)
{
	const char *path = s->play->devices_path;
	int r = path ? identities_write(&s->identities, path) : 0;

	return r ? complain("%s: %s", path, strerror(-r)) : 0;
}

/* The secrets of an earlier time, where there are any. */
static int read_known(const struct stage *s, struct identities *ret)
{
	char fault[IDENTITIES_FAULT_SIZE];
	const char *path = s->play->devices_path;
	struct stat st;

	if (!path || stat(path, &st) || st.st_size == 0)
		return 0;
	int r = identities_read(ret, path, fault);
	return r ? complain("%s: %s", path, r < 0 ? strerror(-r) : fault) : 0;
}

static int enrol_as(struct stage *s, struct enrolment *wanted_devices)
{
	struct identities known = { 0 };
	int status = read_known(s, &known);

	if (status)
		return status;
	for (size_t i = 0; i < s->n; i++)
		wanted_devices[i] = enrolment_of(s, i);
	int r = enrol(s->session, wanted_devices, s->n, s->fleet.dialect->imei, &known, &s->identities);
	identities_free(&known);
	return r ? complain("cannot register the trackers: %s", session_error(r)) : keep_identities(s);
}

static int enrol_all(struct stage *s)
{
	struct enrolment *wanted_devices = calloc(s->n, sizeof *wanted_devices);

	if (!wanted_devices)
		return complain("no memory");
	int status = account_session(&s->play->account, &s->session);
	if (status == 0)
		status = enrol_as(s, wanted_devices);
	free(wanted_devices);
	return status;
}

/* A tracker whose secret somebody else has replaced takes a new one of its own, in the loop: see fleet.h. */
static enum fleet_renewal renew(void *owner, struct identity *i)
{
	struct stage *s = owner;

	if (service_stopping() || clock_mono_ms() < s->renew_ms)
		return FLEET_RENEW_LATER;
	int r = enrol_again(s->session, i);
	if (r == 0) {
		log_info("new secret", LOG_S("identifier", i->identifier));
		return keep_identities(s) ? FLEET_NOT_RENEWED : FLEET_RENEWED;
	}
	log_warn("no new secret", LOG_S("identifier", i->identifier), LOG_S("reason", session_error(r)));
	s->renew_ms = clock_mono_ms() + RENEW_PAUSE_MS;
	return r == SESSION_E_RETRY ? FLEET_RENEW_LATER : FLEET_NOT_RENEWED;
}

static int find_identities(struct stage *s)
{
	int status = 0;

	if (!s->play->enrol && !s->play->devices_path) {
		complain("whose trackers? Give --devices FILE, or --register to make some in the account");
		return 2;
	}
	if (!s->play->enrol)
		status = read_identities(s);
	if (status)
		return status;
	count_trackers(s);
	if (s->play->enrol)
		return enrol_all(s);
	if (s->identities.n < s->n)
		return complain("%s has %zu devices, and %zu are needed", s->play->devices_path, s->identities.n, s->n);
	return 0;
}

/* ---- who plays what ---- */

static size_t called(const struct stage *s, const char *name)
{
	size_t k = 0;

	while (k < s->identities.n && strcmp(s->identities.items[k].identifier, name) != 0)
		k++;
	return k;
}

/* A device that is called like a track plays it; the other tracks take the devices that are left, in their order. */
static int cast_identities(struct stage *s)
{
	bool *taken = calloc(s->identities.n, sizeof *taken);
	size_t next = 0;

	if (!taken)
		return complain("no memory");
	assert(s->identities.n >= s->n); /* by find_identities() */
	for (size_t i = 0; s->tracks.n && i < s->n; i++) {
		size_t k = called(s, s->tracks.items[i % s->tracks.n].name);
		if (k == s->identities.n || taken[k])
			continue;
		taken[k] = true;
		s->members[i].identity = &s->identities.items[k];
	}
	for (size_t i = 0; i < s->n; i++) {
		if (s->members[i].identity)
			continue;
		while (taken[next])
			next++;
		s->members[i].identity = &s->identities.items[next++];
	}
	free(taken);
	return 0;
}

static void cast_animal(struct stage *s, size_t i)
{
	const struct play *p = s->play;
	int64_t now = s->fleet.clock.real_ms;
	size_t round;
	const struct animal_options o = {
		.seed = (uint64_t)p->seed,
		.number = i,
		.species = pet_of(p, i, &round)->species,
		.lat_e7 = p->lat_e7,
		.lon_e7 = p->lon_e7,
		.spread_m = p->spread_m,
		.start_ms = now - p->past_ms,
		.interval_ms = p->interval_ms,
		.switch_on = p->past_ms == 0,
	};

	source_of_animal(&s->members[i].source, &o, p->past_ms ? now : 0);
}

static int cast_all(struct stage *s)
{
	s->members = calloc(s->n, sizeof *s->members);
	int status = s->members ? cast_identities(s) : complain("no memory");

	for (size_t i = 0; status == 0 && i < s->n; i++) {
		if (s->tracks.n)
			source_of_track(&s->members[i].source, &s->fleet.clock, &s->tracks.items[i % s->tracks.n]);
		else
			cast_animal(s, i);
	}
	return status;
}

/* How many positions there will be, where that is known without playing. */
static int64_t total_of(const struct stage *s)
{
	int64_t total = 0;

	for (size_t i = 0; s->tracks.n && i < s->n; i++)
		total += (int64_t)s->tracks.items[i % s->tracks.n].n;
	if (s->play->count && (total == 0 || s->play->count < total))
		total = s->play->count;
	return total;
}

static void set_pace(struct stage *s)
{
	const struct play *p = s->play;
	struct fleet_options *f = &s->fleet;

	f->clock.real_ms = clock_real_ms();
	f->clock.speed_up = p->speed_up;
	if (s->tracks.n && p->keep_times)
		f->clock.times = TIMES_KEPT;
	else
		f->clock.times = p->speed_up > 0 && p->past_ms == 0 ? TIMES_LIVE : TIMES_PAST;
	f->rate = p->rate;
	f->count = p->count;
	f->duration_ms = p->duration_ms;
	f->timeout_ms = p->timeout_ms;
	f->patience = PATIENCE;
	f->renew = s->session && !f->dialect->imei ? renew : NULL;
	f->owner = s;
	f->records = (size_t)p->records < f->dialect->records_max ? (size_t)p->records : f->dialect->records_max;
}

static int check_pace(const struct play *p)
{
	if (p->speed_up > 0 || p->tracks_path || p->past_ms)
		return 0;
	complain("--speed-up 0 needs an end: --tracks FILE, or --past DURATION of the model");
	return 2;
}

/* ---- the result ---- */

static int report(const struct stage *s, const struct fleet_counts *c, double seconds)
{
	double rate = seconds > 0 ? (double)c->acked / seconds : 0;

	if (s->play->json)
		printf("{\"trackers\":%zu,\"sent\":%lld,\"acked\":%lld,\"refused\":%lld,\"denied\":%lld,\"resent\":%"
		       "lld,"
		       "\"unanswered\":%lld,\"connections\":%lld,\"renewed\":%lld,\"abandoned\":%lld,\"seconds\":%.3f,"
		       "\"acked_per_second\":%.1f}\n",
			s->n, (long long)c->sent, (long long)c->acked, (long long)c->refused, (long long)c->denied,
			(long long)c->resent, (long long)c->waiting, (long long)c->connects, (long long)c->renewed,
			(long long)c->abandoned, seconds, rate);
	else
		printf("%zu trackers: %lld positions acknowledged in %.1f s (%.0f/s), %lld sent, %lld of them again, "
		       "%lld refused, "
		       "%lld unanswered\n",
			s->n, (long long)c->acked, seconds, rate, (long long)c->sent, (long long)c->resent,
			(long long)c->refused, (long long)c->waiting);
	if (c->abandoned)
		return complain("%lld trackers gave up: the gateway does not know them, or not their secrets",
			(long long)c->abandoned);
	if (c->acked == 0 && !service_stopping())
		return complain("nothing was acknowledged by %s:%u", s->fleet.host, s->fleet.port);
	return EXIT_SUCCESS;
}

static int play_all(struct stage *s)
{
	struct fleet_counts counts = { 0 };
	const char *path = s->play->ack_log_path;

	if (path && !(s->fleet.ack_log = fopen(path, "ae")))
		return complain("%s: %s", path, strerror(errno));
	s->fleet.total = total_of(s);
	int64_t begun = clock_mono_ms();
	int r = fleet_run(&s->fleet, s->members, s->n, &counts);
	double seconds = (double)(clock_mono_ms() - begun) / 1000;
	if (s->fleet.ack_log)
		fclose(s->fleet.ack_log);
	return r ? complain("%s", strerror(-r)) : report(s, &counts, seconds);
}

int play_run(const struct play *p)
{
	struct stage s = { .play = p };
	int status = find_dialect(&s);

	if (status == 0)
		status = take_address(&s);
	if (status == 0)
		status = check_pace(p);
	if (status == 0)
		status = read_tracks(&s);
	if (status == 0)
		status = find_identities(&s);
	if (status == 0) {
		set_pace(&s);
		status = cast_all(&s);
	}
	if (status == 0)
		status = play_all(&s);
	free(s.members);
	session_close(s.session);
	identities_free(&s.identities);
	tracks_free(&s.tracks);
	return service_stopping() && status == EXIT_FAILURE ? EXIT_SUCCESS
							    : status; /* it was not for failing that it ended */
}
