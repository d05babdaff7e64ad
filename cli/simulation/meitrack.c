/*
 * meitrack - reports of many records (CCC) of the MVT and T series
 *
 *   $$ flag length,ID,CCC,version:2 size:2 cached:4 record[n]*sum\r\n      answered by @@ flag length,ID,CCC,n*sum\r\n, without blanks
 *   record of 52   event:1 lat:4 lon:4 (1e-6 degrees) time:4 (s since 2000) valid:1 satellites:1 GSM:1 km/h:2 course:2 HDOP:2 (0.1)
 *                  altitude:2 metres:4 running:4 mcc:2 mnc:2 lac:2 cid:2 I/O:2 analog:2 battery:2 power:2 (10 mV) fence:4
 *
 * "MEITRACK GPRS Protocol" V1.6. Little-endian. `length` is from the comma behind it to the line end, `sum` the low byte of the sum of all
 * up to the asterisk, in hex; `flag` is a letter that tells frames apart. The battery is a voltage: a cell's, which is made up of the percentage.
 */
#include "base/text.h"
#include "cli/simulation/dialect.h"
#include "cli/simulation/whole.h"
#include "cli/simulation/writer.h"

#include <stdio.h>

enum {
	RECORDS_MAX = 20,
	RECORD = 52,
	VERSION = 1,
	BY_INTERVAL = 35, /* the event */
	EPOCH_S = 946684800, /* 2000-01-01 */
	SATELLITES = 9,
	GSM = 25,
	HDOP = 10,
	EMPTY_10MV = 350, /* of a lithium cell */
	FULL_10MV = 420,
	FLAGS = 26, /* A to Z */
	ANSWER_MAX = 128,
};

/* Degrees in 1e-6, which the frame has. */
static uint32_t microdegrees(int32_t e7)
{
	uint32_t v = whole_degrees(e7, 1, 10);

	return e7 < 0 ? 0 - v : v;
}

static unsigned battery_10mv(const struct position *p)
{
	if (!position_has(p, POSITION_BATTERY))
		return 0;
	return EMPTY_10MV + (FULL_10MV - EMPTY_10MV) * whole_battery_pct(p) / 100;
}

static void put_record(struct writer *w, const struct position *p)
{
	writer_le(w, BY_INTERVAL, 1);
	writer_le(w, microdegrees(p->lat_e7), 4);
	writer_le(w, microdegrees(p->lon_e7), 4);
	writer_le(w, (uint64_t)(p->time_ms / 1000 - EPOCH_S), 4);
	writer_le(w, 1, 1); /* valid */
	writer_le(w, SATELLITES, 1);
	writer_le(w, GSM, 1);
	writer_le(w, whole_speed(p, 3.6f, UINT16_MAX), 2);
	writer_le(w, whole_course_deg(p), 2);
	writer_le(w, HDOP, 2);
	writer_le(w, (uint16_t)whole_altitude_m(p), 2);
	writer_le(w, 0, 8); /* metres, running */
	writer_le(w, 0, 8); /* no cell */
	writer_le(w, 0, 4); /* I/O, analog */
	writer_le(w, battery_10mv(p), 2);
	writer_le(w, 0, 6); /* power, fence */
}

static void put_text(struct writer *w, const char *s)
{
	writer_put(w, s, strlen(s));
}

static uint8_t sum_of(const uint8_t *bytes, size_t n)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum;
}

static void put_end(struct writer *w)
{
	char end[8];

	put_text(w, "*");
	snprintf(end, sizeof end, "%02X\r\n", sum_of(w->out, w->n));
	put_text(w, end);
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	static const char command[] = ",CCC,", end[] = "*hh\r\n";
	struct writer w = writer_in(out, size);
	char head[16];
	size_t length = 1 + strlen(identifier) + strlen(command) + 8 + n * RECORD + strlen(end);

	(void)secret;
	snprintf(head, sizeof head, "$$%c%zu,", (char)('A' + p->time_ms / 1000 % FLAGS), length);
	put_text(&w, head);
	put_text(&w, identifier);
	put_text(&w, command);
	writer_le(&w, VERSION, 2);
	writer_le(&w, RECORD, 2);
	writer_le(&w, 0, 4); /* nothing else in the memory */
	for (size_t i = 0; i < n; i++)
		put_record(&w, &p[i]);
	put_end(&w);
	return writer_len(&w);
}

/* ---- answers ---- */

static void put_answer(struct text *t, char flag, const char *identifier, unsigned count)
{
	char body[ANSWER_MAX];
	struct text b = text_in(body, sizeof body);

	text_printf(&b, ",%s,CCC,%u*", identifier, count);
	text_printf(t, "@@%c%zu%s", flag, b.len + 4, body);
	text_printf(t, "%02X\r\n", sum_of((const uint8_t *)t->buf, t->len));
}

/* How many records were taken, by a whole answer; -1: it is none. */
static int count_of(const char *answer)
{
	char flag, identifier[DIALECT_IDENTIFIER_MAX + 1], wanted[2 * ANSWER_MAX];
	struct text t = text_in(wanted, sizeof wanted);
	unsigned count;

	if (sscanf(answer, "@@%c%*u,%64[0-9A-Za-z],CCC,%3u", &flag, identifier, &count) != 3)
		return -1;
	put_answer(&t, flag, identifier, count);
	return strcmp(answer, wanted) == 0 ? (int)count : -1;
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	const uint8_t *end = memchr(bytes, '\n', len < ANSWER_MAX ? len : ANSWER_MAX - 1);
	char answer[ANSWER_MAX];
	size_t n = end ? (size_t)(end - bytes) + 1 : 0;

	(void)greeting;
	if (memcmp(bytes, "@@", len < 2 ? len : 2) != 0 || (!end && len >= ANSWER_MAX))
		return (struct reply){ .kind = REPLY_GARBAGE };
	if (!end)
		return (struct reply){ .kind = REPLY_MORE };
	memcpy(answer, bytes, n);
	answer[n] = '\0';
	int taken = count_of(answer);
	if (taken < 0 || (size_t)taken > sent)
		return (struct reply){ .kind = REPLY_GARBAGE };
	return (struct reply){ .kind = taken ? REPLY_TAKEN : REPLY_LATER, .used = n, .taken = (size_t)taken };
}

const struct dialect dialect_meitrack = {
	.name = "meitrack",
	.protocol = "meitrack",
	.port = 5020,
	.records_max = RECORDS_MAX,
	.imei = true,
	.curt = true,
	.seconds = true,
	.frame = frame,
	.read = read_answer,
};
