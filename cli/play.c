/* play - from settings to a fleet, and its result. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/play_internal.h"
#include "service/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the gateway ---- */

static int find_dialect(struct stage *s)
{
	const struct play *p = s->play;
	char names[512];
	struct text t = text_in(names, sizeof names);

	s->fleet.dialect = dialect_speaking(p->protocol, p->codec);
	if (s->fleet.dialect)
		return 0;
	dialect_put_codecs(&t, p->protocol);
	if (t.len > 0) {
		complain("--codec of %s is one of %s", p->protocol, names);
		return 2;
	}
	dialect_put_protocols(&t);
	complain("--protocol is one of %s", names);
	return 2;
}

static int take_address(struct stage *s)
{
	const char *text = s->play->gateway;
	char usual[32];

	snprintf(usual, sizeof usual, "127.0.0.1:%u", s->fleet.dialect->port);
	if (!text)
		text = usual;
	if (address_read(s->host, &s->fleet.port, text)) {
		complain("--gateway '%s' is not HOST:PORT", text);
		return 2;
	}
	s->fleet.host = s->host;
	return 0;
}

/* ---- the pace ---- */

static int read_tracks(struct stage *s)
{
	char fault[TRACKS_FAULT_SIZE];

	if (!s->play->tracks_path)
		return 0;
	int r = tracks_read(&s->tracks, s->play->tracks_path, fault);
	return r ? complain("%s: %s", s->play->tracks_path, r < 0 ? strerror(-r) : fault) : 0;
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
	f->clock.step_ms = f->dialect->seconds ? 1000 : 0;
	f->rate = p->rate;
	f->count = p->count;
	f->duration_ms = p->duration_ms;
	f->timeout_ms = p->timeout_ms;
	f->patience = (unsigned)p->patience;
	f->renew = s->session && !f->dialect->imei ? play_renew : NULL;
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

static double per_second(int64_t n, double seconds)
{
	return seconds > 0 ? (double)n / seconds : 0;
}

static void print_json(const struct stage *s, const struct fleet_counts *c, double seconds)
{
	printf("{\"trackers\":%zu,\"sent\":%lld,\"acked\":%lld,\"refused\":%lld,\"denied\":%lld,\"resent\":%lld,"
	       "\"unanswered\":%lld,\"connections\":%lld,\"renewed\":%lld,\"abandoned\":%lld,\"seconds\":%.3f,"
	       "\"acked_per_second\":%.1f}\n",
		s->n, (long long)c->sent, (long long)c->acked, (long long)c->refused, (long long)c->denied,
		(long long)c->resent, (long long)c->waiting, (long long)c->connects, (long long)c->renewed,
		(long long)c->abandoned, seconds, per_second(c->acked, seconds));
}

static void print_line(const struct stage *s, const struct fleet_counts *c, double seconds)
{
	if (s->fleet.dialect->silent)
		printf("%zu trackers: %lld positions sent in %.1f s (%.0f/s); %s acknowledges nothing\n", s->n,
			(long long)c->sent, seconds, per_second(c->sent, seconds), s->play->protocol);
	else
		printf("%zu trackers: %lld positions acknowledged in %.1f s (%.0f/s), %lld sent, %lld of them again, "
		       "%lld refused, %lld unanswered\n",
			s->n, (long long)c->acked, seconds, per_second(c->acked, seconds), (long long)c->sent,
			(long long)c->resent, (long long)c->refused, (long long)c->waiting);
}

static int judge(const struct stage *s, const struct fleet_counts *c)
{
	bool silent = s->fleet.dialect->silent;

	if (c->abandoned)
		return complain("%lld trackers gave up: the gateway does not know them, or not their secrets",
			(long long)c->abandoned);
	if ((silent ? c->sent : c->acked) == 0 && s->n > 0 && !service_stopping())
		return complain(
			"nothing was %s %s:%u", silent ? "sent to" : "acknowledged by", s->fleet.host, s->fleet.port);
	return EXIT_SUCCESS;
}

static int report(const struct stage *s, const struct fleet_counts *c, double seconds)
{
	if (s->play->json)
		print_json(s, c, seconds);
	else
		print_line(s, c, seconds);
	return judge(s, c);
}

static int play_all(struct stage *s)
{
	struct fleet_counts counts = { 0 };
	const char *path = s->play->ack_log_path;

	if (path && !(s->fleet.ack_log = fopen(path, "ae")))
		return complain("%s: %s", path, strerror(errno));
	s->fleet.total = total_of(s);
	int64_t begun = clock_mono_ms();
	int r = s->n ? fleet_run(&s->fleet, s->members, s->n, &counts) : 0;
	double seconds = (double)(clock_mono_ms() - begun) / 1000;
	if (s->fleet.ack_log)
		fclose(s->fleet.ack_log);
	return r ? complain("%s", strerror(-r)) : report(s, &counts, seconds);
}

static int put_on(struct stage *s)
{
	int status = play_find_identities(s);

	if (status)
		return status;
	set_pace(s);
	status = play_cast(s);
	if (status == 0)
		status = play_leave_out_stored(s);
	if (status == 0)
		status = play_find_secrets(s);
	return status ? status : play_all(s);
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
		status = put_on(&s);
	free(s.members);
	session_close(s.session);
	identities_free(&s.identities);
	identities_free(&s.known);
	tracks_free(&s.tracks);
	/* Told to stop, it was not for failing that it ended. */
	return service_stopping() && status == EXIT_FAILURE ? EXIT_SUCCESS : status;
}
