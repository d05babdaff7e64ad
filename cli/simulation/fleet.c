/* fleet - the loop that wakes trackers when something is due, and the end of the play. */
#include "cli/simulation/fleet.h"
#include "cli/simulation/progress.h"
#include "cli/simulation/tracker.h"
#include "service/service.h"

#include <errno.h>
#include <stdlib.h>

enum { TICK_MS = 10, PROGRESS_MS = 500, GRACE_MS = 10000, SIGNAL_GRACE_MS = 2000 };

struct fleet {
	struct yard yard;
	struct tracker *trackers;
	struct position *batches; /* of all trackers */
	size_t n;
	struct progress progress;
	struct loop_timer *tick, *show;
	struct loop_watch *stop;
	int64_t ticked_ms;
	int64_t deadline_ms; /* when what is unanswered is given up; 0: not ending yet */
};

static void end_soon(struct fleet *f, int64_t grace_ms)
{
	f->yard.left = 0;
	f->deadline_ms = loop_now_ms(f->yard.loop) + grace_ms;
	/* Those that wait for their next fix are done now. */
	for (size_t i = 0; i < f->n; i++)
		if (f->trackers[i].state == TRACKER_AWAY || f->trackers[i].state == TRACKER_READY)
			tracker_wake(&f->trackers[i]);
}

static void earn_tokens(struct yard *y, int64_t since_ms)
{
	double rate = y->options->rate, most = rate / 10 > 1 ? rate / 10 : 1; /* a tenth of a second's worth */

	y->tokens += rate * (double)since_ms / 1000;
	if (y->tokens > most)
		y->tokens = most;
}

static void wake_due(struct fleet *f, int64_t now)
{
	struct yard *y = &f->yard;
	bool bounded = y->options->rate > 0;

	for (struct appointment *a; (a = agenda_first(&y->agenda)) && a->at_ms <= now;) {
		if (bounded && y->tokens < 1)
			break;
		agenda_remove(&y->agenda, a);
		tracker_wake((struct tracker *)a);
	}
}

static void tick(void *arg)
{
	struct fleet *f = arg;
	const struct fleet_options *o = f->yard.options;
	int64_t now = loop_now_ms(f->yard.loop);

	earn_tokens(&f->yard, now - f->ticked_ms);
	f->ticked_ms = now;
	wake_due(f, now);
	if (o->duration_ms && !f->deadline_ms && now - f->yard.begun_ms >= o->duration_ms)
		end_soon(f, o->grace_ms ? o->grace_ms : GRACE_MS);
	if (o->ack_log)
		fflush(o->ack_log);
	if (f->yard.busy == 0 || (f->deadline_ms && now >= f->deadline_ms))
		loop_stop(f->yard.loop);
}

static double done(const struct fleet *f)
{
	const struct fleet_options *o = f->yard.options;
	const struct fleet_counts *c = &f->yard.counts;
	double by_time = -1, by_count = -1;

	if (o->duration_ms)
		by_time = (double)(loop_now_ms(f->yard.loop) - f->yard.begun_ms) / (double)o->duration_ms;
	if (o->total)
		by_count = (double)(o->dialect->silent ? c->sent : c->acked + c->refused) / (double)o->total;
	double most = by_time > by_count ? by_time : by_count;
	return most > 1 ? 1 : most;
}

static void show(void *arg)
{
	struct fleet *f = arg;

	progress_show(&f->progress, &f->yard.counts, done(f));
}

/* The first signal ends the play in good order; one look at the fd is enough, since it stays readable. */
static void told_to_stop(void *arg)
{
	struct fleet *f = arg;

	loop_watch_close(f->stop);
	f->stop = NULL;
	end_soon(f, SIGNAL_GRACE_MS);
}

static int prepare(struct fleet *f, struct fleet_member *members)
{
	struct yard *y = &f->yard;
	size_t records = y->options->records;
	int r = agenda_open(&y->agenda, f->n);

	if (r)
		return r;
	f->trackers = calloc(f->n, sizeof *f->trackers);
	f->batches = reallocarray(NULL, f->n, records * sizeof *f->batches);
	if (!f->trackers || !f->batches)
		return -ENOMEM;
	y->left = y->options->count ? y->options->count : INT64_MAX;
	y->busy = f->n;
	y->random = random_from((uint64_t)y->options->clock.real_ms, 0);
	for (size_t i = 0; i < f->n; i++)
		tracker_init(&f->trackers[i], y, members[i].identity, &members[i].source, f->batches + i * records);
	return 0;
}

static int start(struct fleet *f)
{
	struct loop *l = f->yard.loop;
	int r = loop_every(l, TICK_MS, tick, f, &f->tick);

	if (r == 0 && !f->yard.options->quiet)
		r = loop_every(l, PROGRESS_MS, show, f, &f->show);
	if (r == 0)
		r = loop_watch(l, service_stop_fd(), told_to_stop, f, &f->stop);
	if (r)
		return r;
	f->yard.begun_ms = f->ticked_ms = loop_now_ms(l);
	for (size_t i = 0; i < f->n; i++)
		agenda_put(&f->yard.agenda, &f->trackers[i].wake, f->yard.begun_ms);
	return 0;
}

int fleet_run(const struct fleet_options *o, struct fleet_member *members, size_t n, struct fleet_counts *ret)
{
	struct fleet f = { .yard = { .options = o }, .n = n };
	int r = prepare(&f, members);

	if (r == 0)
		r = loop_open(&f.yard.loop);
	if (r == 0)
		r = start(&f);
	if (r == 0) {
		progress_begin(&f.progress);
		r = loop_run(f.yard.loop);
		if (!o->quiet)
			progress_end(&f.progress, &f.yard.counts);
		*ret = f.yard.counts;
	}
	if (o->ack_log && (fflush(o->ack_log) || ferror(o->ack_log)) && r == 0)
		r = -EIO;
	loop_close(f.yard.loop);
	agenda_close(&f.yard.agenda);
	free(f.batches);
	free(f.trackers);
	return r;
}
