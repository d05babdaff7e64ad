/* play_identities - whose trackers they are, and their secrets. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/enrol.h"
#include "cli/play_internal.h"
#include "service/log.h"
#include "service/service.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	TRACKERS_DEFAULT = 10,
	RENEW_PAUSE_MS = 10000, /* after a new secret was not to be had */
};

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

/* ---- devices of the account ---- */

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
		e.pet = play_pet(s->play, i, &round);
		snprintf(name, sizeof name, "%s", e.pet->name);
	}
	text_puts(&t, name);
	if (round)
		text_printf(&t, " %zu", round + 1);
	return e;
}

/* Those that play now, and behind them the others of the file: another play's, whose secrets nobody else knows. */
static int write_identities(const struct stage *s)
{
	struct identities all = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->identities.n; i++)
		r = identities_add(&all, s->identities.items[i].identifier, s->identities.items[i].secret);
	for (size_t i = 0; r == 0 && i < s->known.n; i++)
		if (!identities_find(&s->identities, s->known.items[i].identifier))
			r = identities_add(&all, s->known.items[i].identifier, s->known.items[i].secret);
	if (r == 0)
		r = identities_write(&all, s->play->devices_path);
	identities_free(&all);
	return r;
}

static int keep_identities(const struct stage *s)
{
	int r = s->play->devices_path ? write_identities(s) : 0;

	return r ? complain("%s: %s", s->play->devices_path, strerror(-r)) : 0;
}

/* The secrets of an earlier time, where there are any. */
static int read_known(struct stage *s)
{
	char fault[IDENTITIES_FAULT_SIZE];
	const char *path = s->play->devices_path;
	struct stat st;

	if (!path || stat(path, &st) || st.st_size == 0)
		return 0;
	int r = identities_read(&s->known, path, fault);
	return r ? complain("%s: %s", path, r < 0 ? strerror(-r) : fault) : 0;
}

static int enrol_as(struct stage *s, struct enrolment *wanted_devices)
{
	int status = read_known(s);

	if (status)
		return status;
	for (size_t i = 0; i < s->n; i++)
		wanted_devices[i] = enrolment_of(s, i);
	int r = enrol(s->session, wanted_devices, s->n, s->fleet.dialect->imei, &s->known, &s->identities);
	return r ? complain("cannot register the trackers: %s", session_error(r)) : 0;
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

int play_find_identities(struct stage *s)
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

/* ---- secrets ---- */

static bool lacks_secret(const struct stage *s, const struct identity *i)
{
	return s->session && !s->fleet.dialect->imei && *i->secret == '\0';
}

static int find_secret(struct stage *s, struct identity *i)
{
	int r = lacks_secret(s, i) ? enrol_again(s->session, i) : 0;

	return r ? complain("cannot get a secret for %s: %s", i->identifier, session_error(r)) : 0;
}

/* Those that do not play get one only for the file. */
int play_find_secrets(struct stage *s)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < s->n; i++)
		status = find_secret(s, s->members[i].identity);
	for (size_t i = 0; status == 0 && s->play->devices_path && i < s->identities.n; i++)
		status = find_secret(s, &s->identities.items[i]);
	return status || !s->session ? status : keep_identities(s);
}

enum fleet_renewal play_renew(void *owner, struct identity *i)
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
