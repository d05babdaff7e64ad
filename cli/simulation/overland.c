/*
 * overland - the requests of Overland for iOS, batches of GeoJSON features, on a kept connection
 *
 * The secret is the access token. Speed is in m/s, the battery from 0 to 1; -1 says that the phone does not know. A batch is forgotten when the
 * answer says {"result":"ok"}, and nothing else. https://github.com/aaronpk/Overland-iOS.
 */
#include "base/time.h"
#include "cli/simulation/http.h"

#include <string.h>

enum { RECORDS_MAX = 50, USUAL_ACCURACY_M = 10 };

/* @v, or what the phone says when it does not know. */
static void put_property(struct text *t, const char *name, bool known, double v, double unknown)
{
	text_printf(t, ",\"%s\":", name);
	text_fixed(t, known ? v : unknown, 3);
}

/* "2026-01-02T03:04:05Z" */
static void put_time(struct text *t, int64_t time_ms)
{
	enum { TO_THE_SECOND = 19 };
	char time[TIME_TEXT_SIZE];

	time_format(time, time_ms);
	text_printf(t, "\"timestamp\":\"%.*sZ\"", TO_THE_SECOND, time);
}

static void put_properties(struct text *t, const char *identifier, const struct position *p, size_t n)
{
	put_time(t, p->time_ms);
	put_property(t, "altitude", position_has(p, POSITION_ALTITUDE), p->altitude_m, 0);
	put_property(t, "speed", position_has(p, POSITION_SPEED), p->speed_mps, -1);
	put_property(t, "course", position_has(p, POSITION_COURSE), p->course_deg, -1);
	put_property(t, "horizontal_accuracy", position_has(p, POSITION_ACCURACY), p->accuracy_m, USUAL_ACCURACY_M);
	text_printf(t,
		",\"vertical_accuracy\":-1,\"motion\":[],\"pauses\":false,\"activity\":\"other\",\"desired_accuracy\":-"
		"1,\"deferred\":0,"
		"\"significant_change\":\"disabled\",\"locations_in_payload\":%zu,\"wifi\":\"\","
		"\"battery_state\":\"unplugged\"",
		n);
	if (position_has(p, POSITION_BATTERY))
		put_property(t, "battery_level", true, p->battery_pct / 100.0, 0);
	text_puts(t, ",\"device_id\":");
	text_json(t, identifier, strlen(identifier));
}

static void put_feature(struct text *t, const char *identifier, const struct position *p, size_t n)
{
	text_puts(t, "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[");
	text_e7(t, p->lon_e7);
	text_putc(t, ',');
	text_e7(t, p->lat_e7);
	text_puts(t, "]},\"properties\":{");
	put_properties(t, identifier, p, n);
	text_puts(t, "}}");
}

static size_t frame(
	uint8_t *out, size_t size, const char *identifier, const char *secret, const struct position *p, size_t n)
{
	char batch[DIALECT_FRAME_MAX];
	struct text t = text_in((char *)out, size), body = text_in(batch, sizeof batch);

	text_puts(&body, "{\"locations\":[");
	for (size_t i = 0; i < n; i++) {
		text_puts(&body, i ? "," : "");
		put_feature(&body, identifier, &p[i], n);
	}
	text_puts(&body, "]}");
	text_puts(&t, "POST / HTTP/1.1\r\nHost: gateway\r\n");
	http_put_bearer(&t, secret);
	http_put_json(&t, &body);
	return text_ok(&t) ? t.len : 0;
}

static bool is_ok(const char *body, size_t n)
{
	static const char ok[] = "{\"result\":\"ok\"}";

	return n == sizeof ok - 1 && memcmp(body, ok, n) == 0;
}

static struct reply read_answer(const uint8_t *bytes, size_t len, bool greeting, size_t sent)
{
	(void)greeting;
	return http_reply(bytes, len, sent, is_ok);
}

const struct dialect dialect_overland = {
	.name = "overland",
	.protocol = "overland",
	.port = 5145,
	.records_max = RECORDS_MAX,
	.seconds = true,
	.frame = frame,
	.read = read_answer,
};
