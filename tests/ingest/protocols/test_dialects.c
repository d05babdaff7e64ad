/* The simulator's dialects and the gateway's protocols, which share no code: each understands what the other says. */
#include "decoding.h"

#include "cli/simulation/dialect.h"
#include "tests/lib/unit.h"

#include <math.h>
#include <string.h>

#define IDENTIFIER "356307042441013"
#define SECRET "s3cret"

enum { NOW_S = 1767400000, RECORDS_MAX = 255, ANSWER_MAX = 64 * 1024 };

/* As the gateway has them unless set otherwise. */
static const struct protocol_sizes sizes = { .frame_max = 8 * 1024, .header_max = 8 * 1024, .body_max = 64 * 1024 };

/* What a protocol cannot say, and how far what it says may be from what was meant. Half a step of the frame. */
static const struct grain {
	const char *protocol;
	uint32_t lost;
	int32_t place_e7;
	float speed_mps, course_deg, altitude_m, accuracy_m, battery_pct;
} grains[] = {
	{ "osmand", 0, 0, 1e-4f, 0.05f, 0.05f, 0.05f, 0.5f },
	{ "owntracks", 0, 0, 0.14f, 0.5f, 0.5f, 0.5f, 0.5f },
	{ "overland", 0, 0, 1e-3f, 1e-3f, 1e-3f, 1e-3f, 1e-3f },
	{ "gpslogger", 0, 0, 1e-3f, 1e-3f, 1e-3f, 1e-3f, 0.5f },
	{ "gt06", POSITION_ALTITUDE | POSITION_ACCURACY | POSITION_BATTERY, 3, 0.14f, 0.5f, 0, 0, 0 },
	{ "jt808", POSITION_ACCURACY, 5, 0.014f, 0.5f, 0.5f, 0, 0.5f },
	{ "teltonika", POSITION_ACCURACY, 0, 0.14f, 0.5f, 0.5f, 0, 0.5f },
	{ "teltonika-udp", POSITION_ACCURACY, 0, 0.14f, 0.5f, 0.5f, 0, 0.5f },
	{ "h02", POSITION_ALTITUDE | POSITION_ACCURACY, 9, 0.003f, 0.01f, 0, 0, 0.5f },
	{ "watch", 0, 0, 0.002f, 0.05f, 0.05f, 0.05f, 0.5f },
	{ "gl200", POSITION_ACCURACY, 5, 0.014f, 0.5f, 0.05f, 0, 0.5f },
	{ "gps103", POSITION_ACCURACY | POSITION_BATTERY, 1, 0.003f, 0.01f, 0.05f, 0, 0 },
	{ "tk103", POSITION_ALTITUDE | POSITION_ACCURACY | POSITION_BATTERY, 9, 0.014f, 0.01f, 0, 0, 0 },
	{ "t55", POSITION_ALTITUDE | POSITION_ACCURACY | POSITION_BATTERY, 1, 0.003f, 0.01f, 0, 0, 0 },
	{ "meitrack", POSITION_ACCURACY | POSITION_BATTERY, 5, 0.14f, 0.5f, 0.5f, 0, 0 },
};

static const struct grain *grain_of(const struct dialect *d)
{
	for (size_t i = 0; i < sizeof grains / sizeof *grains; i++)
		if (!strcmp(grains[i].protocol, d->protocol))
			return &grains[i];
	ck_abort_msg("%s: what of a position does it keep?", d->name);
	return NULL;
}

/* ---- a conversation ---- */

static struct talk {
	const struct dialect *dialect;
	const struct protocol *protocol;
	struct protocol_session session;
	struct position found[RECORDS_MAX];
	size_t found_n;
	float battery_pct; /* that was said last; below 0: none */
	uint8_t answer[ANSWER_MAX];
	size_t answer_n;
	bool closed;
} talk;

static void begin(const struct dialect *d)
{
	talk = (struct talk){ .dialect = d, .protocol = protocol_find(d->protocol), .battery_pct = -1 };
	ck_assert_msg(talk.protocol, "%s: the gateway has no %s", d->name, d->protocol);
	ck_assert_uint_eq(d->port, talk.protocol->port);
	ck_assert_int_eq(d->udp, talk.protocol->transport == PROTOCOL_UDP);
	ck_assert_int_eq(d->imei, !talk.protocol->secret);
}

/* Contacts, too, may tell of the battery. */
static void find(const struct protocol_result *r)
{
	for (size_t i = 0; i < r->groups_n; i++) {
		ck_assert_str_eq(r->groups[i].identifier, IDENTIFIER);
		if (talk.protocol->secret)
			ck_assert_str_eq(r->groups[i].secret, SECRET);
	}
	for (size_t i = 0; i < r->positions_n; i++) {
		const struct position *p = &r->positions[i];
		if (position_has(p, POSITION_BATTERY))
			talk.battery_pct = p->battery_pct;
		if (!position_has(p, POSITION_LOCATION))
			continue;
		ck_assert_uint_lt(talk.found_n, RECORDS_MAX);
		talk.found[talk.found_n++] = *p;
	}
}

/* The gateway hears one frame. @refused: what becomes of it, where it names a device. */
static void hear_frame(const uint8_t *frame, size_t len, enum protocol_reason refused)
{
	struct protocol_result r = { 0 };
	uint8_t out[PROTOCOL_ANSWER_MAX];

	ck_assert_int_eq(talk.protocol->decode(&talk.session, frame, len, decoding_scratch(), &r), 0);
	find(&r);
	struct protocol_answer a =
		talk.protocol->answer(&talk.session, &r.note, r.groups_n ? refused : 0, NOW_S * INT64_C(1000), out);
	ck_assert_uint_le(a.len, ANSWER_MAX - talk.answer_n);
	memcpy(talk.answer + talk.answer_n, out, a.len);
	talk.answer_n += a.len;
	talk.closed = a.close;
}

/* It hears everything that was written, or hangs up. */
static void hear(const uint8_t *bytes, size_t n, enum protocol_reason refused)
{
	const struct protocol_limits limits = protocol_limits_of(talk.protocol, &sizes);

	ck_assert_uint_gt(n, 0);
	talk.answer_n = 0;
	for (size_t len; n > 0 && !talk.closed; bytes += len, n -= len) {
		ssize_t whole = talk.protocol->frame ? talk.protocol->frame(bytes, n, &limits) : (ssize_t)n;
		ck_assert_msg(
			whole > 0, "%s: %s", talk.dialect->name, protocol_reason_name((enum protocol_reason) - whole));
		len = (size_t)whole;
		hear_frame(bytes, len, refused);
	}
}

static struct reply reply_to(bool greeting, size_t sent)
{
	struct reply r = talk.dialect->read(talk.answer, talk.answer_n, greeting, sent);

	ck_assert_msg(
		r.kind != REPLY_GARBAGE, "%s: %.*s", talk.dialect->name, (int)talk.answer_n, (const char *)talk.answer);
	return r;
}

static void log_in(void)
{
	uint8_t login[DIALECT_LOGIN_MAX];

	if (!talk.dialect->login)
		return;
	hear(login, talk.dialect->login(login, sizeof login, IDENTIFIER), 0);
	ck_assert_uint_eq(talk.found_n, 0);
	if (talk.dialect->silent) {
		ck_assert_uint_eq(talk.answer_n, 0);
		return;
	}
	struct reply r = reply_to(true, 0);
	ck_assert_int_eq(r.kind, REPLY_WELCOME);
	ck_assert_uint_eq(r.used, talk.answer_n);
}

static void send(const struct position *p, size_t n, enum protocol_reason refused)
{
	static uint8_t frame[DIALECT_FRAME_MAX];

	hear(frame, talk.dialect->frame(frame, sizeof frame, IDENTIFIER, SECRET, p, n), refused);
}

/* ---- positions ---- */

/* Quarters of the earth, a bound, speeds and courses of all sizes; the times go on as they do in a frame. */
static struct position position_of(const struct dialect *d, size_t i)
{
	static const struct position places[] = {
		{ .lat_e7 = 501703157,
			.lon_e7 = -51138512,
			.speed_mps = 0.37f,
			.course_deg = 359.6f,
			.altitude_m = 61 },
		{ .lat_e7 = -338567844,
			.lon_e7 = 1512152967,
			.speed_mps = 13.89f,
			.course_deg = 90.4f,
			.altitude_m = 4 },
		{ .lat_e7 = -3, .lon_e7 = -9, .course_deg = 180.25f, .altitude_m = -12.4f },
		{ .lat_e7 = 64000001,
			.lon_e7 = 1799999999,
			.speed_mps = 27.7f,
			.course_deg = 7.5f,
			.altitude_m = 1832 },
		{ .lat_e7 = -899999999, .lon_e7 = 604, .speed_mps = 1.2f, .altitude_m = 2835.5f },
	};
	struct position p = places[i % (sizeof places / sizeof *places)];

	p.time_ms = INT64_C(1767323045000) + (int64_t)i * 61000 + (d->seconds ? 0 : 789);
	p.accuracy_m = 4.5f;
	p.battery_pct = 71;
	p.has = POSITION_LOCATION | POSITION_SPEED | POSITION_COURSE | POSITION_ALTITUDE | POSITION_ACCURACY |
		POSITION_BATTERY;
	return p;
}

static bool near(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance + 1e-5 * fabs(b); /* a float's own error on top */
}

static bool near_on_a_circle(double a, double b, double tolerance)
{
	return near(fmod(fabs(a - b) + 180, 360), 180, tolerance);
}

static void check_position(const struct position *got, const struct position *want)
{
	const struct grain *g = grain_of(talk.dialect);
	uint32_t kept = want->has & ~(g->lost | POSITION_BATTERY);
	const char *name = talk.dialect->name;

	ck_assert_msg(got->time_ms == want->time_ms, "%s: %lld", name, (long long)(got->time_ms - want->time_ms));
	ck_assert_msg((got->has & ~(uint32_t)POSITION_BATTERY) == kept, "%s: has %x, not %x", name, got->has, kept);
	ck_assert_msg(!got->invalid, "%s", name);
	ck_assert_msg(llabs((int64_t)got->lat_e7 - want->lat_e7) <= g->place_e7, "%s: %d", name, got->lat_e7);
	ck_assert_msg(llabs((int64_t)got->lon_e7 - want->lon_e7) <= g->place_e7, "%s: %d", name, got->lon_e7);
	ck_assert_msg(near(got->speed_mps, want->speed_mps, g->speed_mps), "%s: %f m/s", name, (double)got->speed_mps);
	ck_assert_msg(near_on_a_circle(got->course_deg, want->course_deg, g->course_deg), "%s: %f degrees", name,
		(double)got->course_deg);
	if (kept & POSITION_ALTITUDE)
		ck_assert_msg(near(got->altitude_m, want->altitude_m, g->altitude_m), "%s: %f m high", name,
			(double)got->altitude_m);
	if (kept & POSITION_ACCURACY)
		ck_assert_msg(near(got->accuracy_m, want->accuracy_m, g->accuracy_m), "%s: %f m off", name,
			(double)got->accuracy_m);
}

static void check_talk(const struct position *sent, size_t n)
{
	const struct grain *g = grain_of(talk.dialect);

	ck_assert_msg(talk.found_n == n, "%s: %zu positions of %zu", talk.dialect->name, talk.found_n, n);
	for (size_t i = 0; i < n; i++)
		check_position(&talk.found[i], &sent[i]);
	if (g->lost & POSITION_BATTERY)
		ck_assert_msg(talk.battery_pct < 0, "%s: %f percent", talk.dialect->name, (double)talk.battery_pct);
	else
		ck_assert_msg(near(talk.battery_pct, sent[n - 1].battery_pct, g->battery_pct), "%s: %f percent",
			talk.dialect->name, (double)talk.battery_pct);
}

static void converse(const struct dialect *d, size_t n)
{
	struct position sent[RECORDS_MAX];

	ck_assert_uint_le(n, RECORDS_MAX);
	for (size_t i = 0; i < n; i++)
		sent[i] = position_of(d, i);
	begin(d);
	log_in();
	send(sent, n, 0);
	check_talk(sent, n);
	ck_assert_int_eq(talk.closed, false);
	if (d->silent) {
		ck_assert_uint_eq(talk.answer_n, 0);
		return;
	}
	struct reply r = reply_to(false, n);
	ck_assert_msg(
		r.kind == REPLY_TAKEN && r.taken == n && r.used == talk.answer_n, "%s: %zu taken", d->name, r.taken);
}

/* ---- tests ---- */

START_TEST(every_protocol_is_spoken)
{
	for (const struct protocol *const *p = protocols; *p; p++)
		ck_assert_msg(dialect_speaking((*p)->name, "8"), "%s", (*p)->name);
}
END_TEST

START_TEST(positions_arrive)
{
	const struct dialect *d = dialects[_i];

	converse(d, 1);
	converse(d, d->records_max < 5 ? d->records_max : 5);
	converse(d, d->records_max);
}
END_TEST

/* Twice the same frame is twice answered. */
START_TEST(a_connection_goes_on)
{
	const struct dialect *d = dialects[_i];
	const struct position p = position_of(d, 0);

	begin(d);
	log_in();
	for (size_t i = 1; i <= 3; i++) {
		send(&p, 1, 0);
		ck_assert_uint_eq(talk.found_n, i);
		if (!d->silent)
			ck_assert_int_eq(reply_to(false, 1).kind, REPLY_TAKEN);
	}
}
END_TEST

/* What the first word of an unknown device is answered, where anything is, is a refusal. */
START_TEST(an_unknown_device_is_denied)
{
	const struct dialect *d = dialects[_i];
	const struct position p = position_of(d, 0);
	uint8_t login[DIALECT_LOGIN_MAX];

	begin(d);
	if (d->login)
		hear(login, d->login(login, sizeof login, IDENTIFIER), REASON_UNKNOWN_DEVICE);
	else
		send(&p, 1, REASON_UNKNOWN_DEVICE);
	ck_assert_msg(d->silent || d->curt == (talk.answer_n == 0), "%s: %zu bytes", d->name, talk.answer_n);
	ck_assert_msg(d->udp || talk.answer_n > 0 || talk.closed, "%s: neither answered nor hung up on", d->name);
	if (talk.answer_n == 0)
		return;
	enum reply_kind kind = reply_to(d->login, 1).kind;
	ck_assert_msg(kind == REPLY_DENIED || kind == REPLY_REFUSED, "%s: %d", d->name, (int)kind);
}
END_TEST

/* What cannot be taken now is neither acknowledged nor refused for good. */
START_TEST(nothing_is_lost_while_the_gateway_cannot)
{
	const struct dialect *d = dialects[_i];
	const struct position p = position_of(d, 0);

	begin(d);
	log_in();
	send(&p, 1, REASON_UNAVAILABLE);
	ck_assert_msg(d->udp || talk.answer_n > 0 || talk.closed, "%s: neither answered nor hung up on", d->name);
	if (talk.answer_n > 0)
		ck_assert_msg(reply_to(false, 1).kind == REPLY_LATER, "%s", d->name);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dialects");
	TCase *c = tcase_create("dialects");
	int n = 0;

	while (dialects[n] && !dialects[n]->broker)
		n++;
	tcase_add_test(c, every_protocol_is_spoken);
	tcase_add_loop_test(c, positions_arrive, 0, n);
	tcase_add_loop_test(c, a_connection_goes_on, 0, n);
	tcase_add_loop_test(c, an_unknown_device_is_denied, 0, n);
	tcase_add_loop_test(c, nothing_is_lost_while_the_gateway_cannot, 0, n);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
