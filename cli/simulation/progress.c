/* progress - one line on standard error that is drawn over, so that standard output stays for results. */
#include "cli/simulation/progress.h"
#include "base/clock.h"
#include "service/log.h"

#include <unistd.h>

enum { BAR_WIDTH = 24, LOG_EVERY_MS = 10000 };

void progress_begin(struct progress *p)
{
	*p = (struct progress){
		.terminal = isatty(STDERR_FILENO),
		.begun_ms = clock_mono_ms(),
		.shown_ms = clock_mono_ms(),
	};
}

static void draw_bar(double done)
{
	char bar[BAR_WIDTH + 1];

	if (done < 0)
		return;
	for (int i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < done * BAR_WIDTH ? '#' : '.';
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, "[%s] %3.0f%%  ", bar, done * 100);
}

static void draw(const struct fleet_counts *c, double done, double rate)
{
	fputs("\r\033[K", stderr);
	draw_bar(done);
	fprintf(stderr, "acked %lld (%.0f/s)  sent %lld  refused %lld  waiting %lld", (long long)c->acked, rate,
		(long long)c->sent, (long long)c->refused, (long long)c->waiting);
	if (c->resent)
		fprintf(stderr, "  resent %lld", (long long)c->resent);
	fflush(stderr);
}

void progress_show(struct progress *p, const struct fleet_counts *c, double done)
{
	int64_t now = clock_mono_ms(), since = now - p->shown_ms;

	if (since <= 0 || (!p->terminal && since < LOG_EVERY_MS))
		return;
	double rate = (double)(c->acked - p->acked) * 1000 / (double)since;
	if (p->terminal)
		draw(c, done, rate);
	else
		log_info("progress", LOG_I("acked", c->acked), LOG_I("ackedPerSecond", rate), LOG_I("sent", c->sent),
			LOG_I("refused", c->refused), LOG_I("waiting", c->waiting), LOG_I("resent", c->resent));
	p->shown_ms = now;
	p->acked = c->acked;
}

void progress_end(struct progress *p, const struct fleet_counts *c)
{
	int64_t took = clock_mono_ms() - p->begun_ms;

	if (!p->terminal)
		return;
	draw(c, -1, took > 0 ? (double)c->acked * 1000 / (double)took : 0);
	fputc('\n', stderr);
}
