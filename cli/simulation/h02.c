/*
 * h02 - the text frames of Sinotrack's trackers
 *
 *   *HQ,ID,LINK,hhmmss,GSM,satellites,battery,steps,turnovers,ddmmyy,status#            answered by nothing
 *   *HQ,ID,V1,hhmmss,A,ddmm.mmmm,N,dddmm.mmmm,E,knots,course,ddmmyy,status#      by *HQ,ID,V4,V1,yyyymmddhhmmss#
 *
 * "H02 GPS tracker communication protocol" v1.0.5. Of a status a bit that is 0 holds; bit 10, the ignition, is 1 when it is on.
 */
#include "cli/simulation/phrase.h"

static const char STATUS[] = "FFFFFBFF"; /* no alarm, ignition off */

enum { RECORDS_MAX = 10, GSM = 31, SATELLITES = 9 };

static void put_link(struct text *t, const char *identifier, const struct position *p)
{
	text_printf(t, "*HQ,%s,LINK,", identifier);
	phrase_time(t, "hms", p->time_ms);
	text_printf(t, ",%d,%d,%.0f,0,0,", GSM, SATELLITES, (double)p->battery_pct);
	phrase_time(t, "DMY", p->time_ms);
	text_printf(t, ",%s#", STATUS);
}

static void put_place(struct text *t, const char *identifier, const struct position *p)
{
	text_printf(t, "*HQ,%s,V1,", identifier);
	phrase_time(t, "hms", p->time_ms);
	text_puts(t, ",A,");
	phrase_place(t, p, 4, ",");
	text_printf(t, ",%.2f,%.2f,", phrase_or_zero(p, POSITION_SPEED, p->speed_mps * PHRASE_KNOTS_PER_MPS),
		phrase_course(p, 2));
	phrase_time(t, "DMY", p->time_ms);
	text_printf(t, ",%s#", STATUS);
}

/* The battery goes first, so that the answers to the places acknowledge it too. */
static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	struct text t = text_in((char *)out, size);

	(void)secret;
	if (position_has(&p[n - 1], POSITION_BATTERY))
		put_link(&t, identifier, &p[n - 1]);
	for (size_t i = 0; i < n; i++)
		put_place(&t, identifier, &p[i]);
	return phrase_len(&t);
}

/* An answer to each place. */
static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	struct reply r = { .kind = REPLY_TAKEN };
	size_t used = 0;

	for (size_t i = 0; i < sent && r.kind == REPLY_TAKEN; i++) {
		r = phrase_answer(bytes + used, len - used, "*HQ,~,V4,V1,??????????????#", greeting, sent);
		used += r.used;
	}
	if (r.kind == REPLY_TAKEN)
		r.used = used;
	return r;
}

const struct dialect dialect_h02 = {
	.name = "h02",
	.protocol = "h02",
	.port = 5013,
	.records_max = RECORDS_MAX,
	.imei = true,
	.curt = true,
	.seconds = true,
	.frame = frame,
	.read = read_answer,
};
