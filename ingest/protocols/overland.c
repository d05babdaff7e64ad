/*
 * Overland for iOS (and its like for Android)
 *
 *   POST {"locations": [feature...]}, each a GeoJSON point, or without a place
 *
 * Source: https://github.com/aaronpk/Overland-iOS. Up to 1000 features a request, so its frames need room (frame_need); speed in m/s, and -1
 * for what is not known. A feature without a geometry, or one whose horizontal_accuracy is below 0, says that there was no fix.
 *
 * The device is named by the parameter device_id (or id) of the URL, else by the first feature that names one: a request comes from
 * one phone, whatever it was called when the fixes were made. The secret is the app's access token.
 *
 * Answers: 200 {"result":"ok"}, which makes the app forget the batch; 401 for an unknown device and a wrong secret; everything but "ok"
 * makes it send the batch again.
 */
#include "ingest/protocols/claim.h"
#include "ingest/protocols/report_json.h"

struct request {
	struct claim claim;
	struct protocol_scratch *scratch;
	struct protocol_result *result;
};

struct feature {
	struct report report;
	struct slice lon, lat;
};

/* ---- geometry ---- */

static void read_coordinates(struct feature *f, struct jread *j)
{
	if (jread_type(j) != JREAD_ARRAY) {
		jread_skip(j);
		return;
	}
	jread_array(j);
	for (int i = 0; jread_element(j); i++) {
		struct slice v = jread_number(j);
		if (i == 0)
			f->lon = v;
		else if (i == 1)
			f->lat = v;
	}
}

/* null, in a feature without a place */
static void read_geometry(struct feature *f, struct jread *j)
{
	struct slice name;

	if (jread_type(j) != JREAD_OBJECT) {
		jread_skip(j);
		return;
	}
	for (jread_object(j); jread_member(j, &name);) {
		if (slice_is(name, "coordinates"))
			read_coordinates(f, j);
		else
			jread_skip(j);
	}
}

/* ---- properties ---- */

static void read_accuracy(struct report *r, struct jread *j)
{
	struct slice v = jread_number(j);

	r->p.invalid = v.n > 0 && v.s[0] == '-';
	report_accuracy(r, v);
}

/* ["driving", "stationary"]: in a car that stands. */
static void read_motion(struct report *r, struct jread *j)
{
	struct parts activity;

	parts_begin(&activity);
	bool rests = report_json_list(r, &activity, "stationary", j);
	if (activity.n > 0)
		attribute_bool(&r->extra, "motion", !rests);
	parts_end(&activity, "activity", &r->extra, r->arena);
}

static void read_battery_state(struct report *r, struct jread *j)
{
	struct slice v = report_json_string(j, r->arena);

	if (slice_is(v, "charging") || slice_is(v, "full"))
		attribute_bool(&r->extra, "charging", true);
	else if (slice_is(v, "unplugged"))
		attribute_bool(&r->extra, "charging", false);
}

/* The app's settings, which it sends with every fix. */
static bool is_setting(struct slice name)
{
	static const char *const names[] = { "pauses", "activity", "desired_accuracy", "deferred", "significant_change",
		"locations_in_payload", "unique_id" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_is(name, names[i]))
			return true;
	return false;
}

static int read_device(struct request *q, struct jread *j)
{
	if (q->claim.identifier) {
		jread_skip(j);
		return 0;
	}
	struct slice v = report_json_string(j, &q->scratch->arena);
	return v.n > 0 ? claim_identifier(&q->claim, v, &q->scratch->arena) : 0;
}

/* 0 or enum protocol_reason. */
static int read_property(struct request *q, struct report *r, struct jread *j, struct slice name)
{
	if (slice_is(name, "timestamp"))
		return report_json_time(r, j);
	if (slice_is(name, "device_id"))
		return read_device(q, j);
	if (slice_is(name, "speed"))
		report_speed(r, jread_number(j), 1);
	else if (slice_is(name, "altitude"))
		report_altitude(r, jread_number(j));
	else if (slice_is(name, "course"))
		report_course(r, jread_number(j));
	else if (slice_is(name, "horizontal_accuracy"))
		read_accuracy(r, j);
	else if (slice_is(name, "vertical_accuracy"))
		report_json_known(r, "verticalAccuracy", j);
	else if (slice_is(name, "speed_accuracy"))
		report_json_known(r, "speedAccuracy", j);
	else if (slice_is(name, "course_accuracy"))
		report_json_known(r, "courseAccuracy", j);
	else if (slice_is(name, "battery_level"))
		report_battery(r, jread_number(j), 100);
	else if (slice_is(name, "battery_state"))
		read_battery_state(r, j);
	else if (slice_is(name, "motion"))
		read_motion(r, j);
	else if (slice_is(name, "wifi"))
		report_json_text(r, "ssid", j);
	else if (slice_is(name, "action"))
		report_json_text(r, "event", j);
	else if (is_setting(name))
		jread_skip(j);
	else
		report_json_other(r, name, j);
	return 0;
}

static int read_properties(struct request *q, struct report *r, struct jread *j)
{
	struct slice name;
	int e = 0;

	for (jread_object(j); e == 0 && jread_member(j, &name);)
		e = read_property(q, r, j, name);
	return e;
}

/* ---- features ---- */

static int read_feature(struct request *q, struct jread *j)
{
	struct feature f = { 0 };
	struct slice name;
	int e = 0;

	report_begin(&f.report, &q->scratch->arena);
	for (jread_object(j); e == 0 && jread_member(j, &name);) {
		if (slice_is(name, "geometry"))
			read_geometry(&f, j);
		else if (slice_is(name, "properties"))
			e = read_properties(q, &f.report, j);
		else
			jread_skip(j);
	}
	if (e == 0 && j->bad)
		e = REASON_BAD_FRAME;
	if (e == 0)
		e = report_place(&f.report, f.lat, f.lon);
	f.report.p.invalid = f.report.p.invalid && position_has(&f.report.p, POSITION_LOCATION);
	return e != 0 ? e : report_end(&f.report, q->scratch, q->result);
}

static int read_body(struct request *q, struct slice body)
{
	struct jread j = jread_over(body);
	bool locations = false;
	struct slice name;
	int e = 0;

	for (jread_object(&j); e == 0 && jread_member(&j, &name);) {
		if (!slice_is(name, "locations")) {
			jread_skip(&j);
			continue;
		}
		locations = true;
		for (jread_array(&j); e == 0 && jread_element(&j);)
			e = read_feature(q, &j);
	}
	return e == 0 && (!jread_done(&j) || !locations) ? REASON_BAD_FRAME : e;
}

static int read_query(struct request *q, struct slice text)
{
	struct arena *arena = &q->scratch->arena;
	struct slice name, value;
	int e = 0;

	while (e == 0 && http_pair(&text, &name, &value)) {
		e = http_unescape(&value, value, arena);
		if (e == 0 && (slice_is(name, "device_id") || slice_is(name, "id")) && value.n > 0)
			e = claim_identifier(&q->claim, value, arena);
		else if (e == 0 && slice_is(name, "secret"))
			e = claim_secret(&q->claim, value, arena);
	}
	return e;
}

static int read_request(const struct http_request *http, struct slice body, struct protocol_scratch *scratch,
	struct protocol_result *result)
{
	struct request q = { .scratch = scratch, .result = result };
	int e = read_query(&q, http->query);

	if (e == 0)
		e = read_body(&q, body);
	return e != 0 ? e : claim_end(&q.claim, http, scratch, result);
}

static int overland_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	(void)session;
	return http_decode(read_request, frame, len, scratch, ret);
}

static struct protocol_answer overland_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	int status = refused == REASON_UNKNOWN_DEVICE ? 401 : http_status(refused);

	(void)session;
	if (!refused)
		return http_answer_json(note, "{\"result\":\"ok\"}", now_ms, out);
	return http_answer(note, status, refused, now_ms, out);
}

const struct protocol protocol_overland = {
	.name = "overland",
	.port = 5145,
	.transport = PROTOCOL_TCP,
	.idle_s = 120,
	.http = true,
	.secret = true,
	.frame_need = 1024 * 1024, /* 1000 features of about 700 bytes */
	.frame = http_frame,
	.interim = http_interim,
	.decode = overland_decode,
	.answer = overland_answer,
};
