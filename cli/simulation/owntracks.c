/*
 * owntracks - the requests of OwnTracks in mode HTTP, one position each, on a kept connection
 *
 * The device is named by the header X-Limit-D, its secret is the password. All numbers but the place are whole: speed in km/h, time in
 * seconds. https://owntracks.org/booklet/tech/http/ and /json/.
 */
#include "cli/simulation/http.h"
#include "cli/simulation/whole.h"

#include <string.h>

/* A tracker id is two characters: the last ones of the name, as the app has it. */
static const char *tracker_id(const char *identifier)
{
	size_t n = strlen(identifier);

	return n > 2 ? identifier + n - 2 : identifier;
}

static void put_member(struct text *t, const char *name, double v)
{
	text_printf(t, ",\"%s\":", name);
	text_fixed(t, v, 0);
}

static void put_message(struct text *t, const char *identifier, const struct position *p)
{
	text_puts(t, "{\"_type\":\"location\",\"tid\":");
	text_json(t, tracker_id(identifier), strlen(tracker_id(identifier)));
	put_member(t, "tst", (double)(p->time_ms / 1000));
	text_puts(t, ",\"lat\":");
	text_e7(t, p->lat_e7);
	text_puts(t, ",\"lon\":");
	text_e7(t, p->lon_e7);
	if (position_has(p, POSITION_ACCURACY))
		put_member(t, "acc", p->accuracy_m);
	if (position_has(p, POSITION_ALTITUDE))
		put_member(t, "alt", p->altitude_m);
	if (position_has(p, POSITION_SPEED))
		put_member(t, "vel", p->speed_mps * 3.6);
	if (position_has(p, POSITION_COURSE))
		put_member(t, "cog", whole_course_deg(p));
	if (position_has(p, POSITION_BATTERY))
		put_member(t, "batt", p->battery_pct);
	text_puts(t, ",\"bs\":1,\"conn\":\"m\",\"m\":1}");
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	static const char user[] = "pettrack";
	char message[512];
	struct text t = text_in((char *)out, size), body = text_in(message, sizeof message);

	(void)n;
	put_message(&body, identifier, p);
	text_printf(&t, "POST / HTTP/1.1\r\nHost: gateway\r\nX-Limit-U: %s\r\nX-Limit-D: %s\r\n", user, identifier);
	http_put_basic(&t, user, secret);
	http_put_json(&t, &body);
	return text_ok(&t) ? t.len : 0;
}

/* Cards and places of friends, or nothing. */
static bool is_array(const char *body, size_t n)
{
	return n >= 2 && body[0] == '[' && body[n - 1] == ']';
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	(void)greeting;
	return http_reply(bytes, len, sent, is_array);
}

const struct dialect dialect_owntracks = {
	.name = "owntracks",
	.protocol = "owntracks",
	.port = 5144,
	.records_max = 1,
	.seconds = true,
	.frame = frame,
	.read = read_answer,
};
