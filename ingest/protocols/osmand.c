/*
 * OsmAnd over HTTP: OsmAnd, Traccar Client and the many trackers that speak like them
 *
 *   GET /?id=ID&lat=50.1703&lon=-5.1138&timestamp=1767323045&speed=KNOTS&bearing=...&batt=...   or the same as a form,
 *   POST with a JSON body (osmand_json.h)
 *
 * Source: https://www.traccar.org/osmand/ and https://osmand.net/docs/user/plugins/trip-recording/. Speed is in knots. Other
 * names than the ones below become attributes. Without lat and lon (or location) the request is a contact.
 *
 * Answers: 200 when the position is durable; 400 for a request that cannot be read and for an unknown device (404 where it
 * came as JSON), 401 for a wrong secret, 503 with Retry-After when Kafka or auth is away.
 */
#include "ingest/protocols/http.h"
#include "ingest/protocols/osmand_json.h"
#include "ingest/protocols/report.h"

static const double KNOT_MPS = 1852.0 / 3600.0;

enum { NOTE_JSON = 8 }; /* protocol_note.state; http.h has those before */

/* A query, a form, or both. */
struct request {
	struct report report;
	struct slice lat, lon;
	const char *identifier, *secret;
	struct slice cells, wifi; /* what was gathered so far, in the arena */
};

/* ---- parameters: 0 or enum protocol_reason each ---- */

static int set_identifier(struct request *q, struct slice v)
{
	q->identifier = arena_text(q->report.arena, v.s, v.n);
	return q->identifier ? 0 : REASON_TOO_MANY;
}

static int set_secret(struct request *q, struct slice v)
{
	q->secret = arena_text(q->report.arena, v.s, v.n);
	return q->secret ? 0 : REASON_TOO_MANY;
}

static int set_lat(struct request *q, struct slice v)
{
	q->lat = v;
	return 0;
}

static int set_lon(struct request *q, struct slice v)
{
	q->lon = v;
	return 0;
}

static int set_location(struct request *q, struct slice v)
{
	q->lat = slice_cut(&v, ',');
	q->lon = v;
	return 0;
}

static int set_time(struct request *q, struct slice v)
{
	return report_time(&q->report, v);
}

static int set_valid(struct request *q, struct slice v)
{
	q->report.p.invalid = slice_is_nocase(v, "false") || slice_is(v, "0");
	return 0;
}

static int set_speed(struct request *q, struct slice v)
{
	report_speed(&q->report, v, KNOT_MPS);
	return 0;
}

static int set_course(struct request *q, struct slice v)
{
	report_course(&q->report, v);
	return 0;
}

static int set_altitude(struct request *q, struct slice v)
{
	report_altitude(&q->report, v);
	return 0;
}

static int set_accuracy(struct request *q, struct slice v)
{
	report_accuracy(&q->report, v);
	return 0;
}

static int set_battery(struct request *q, struct slice v)
{
	report_battery(&q->report, v, 1);
	return 0;
}

static int set_hdop(struct request *q, struct slice v)
{
	report_real(&q->report, "hdop", v);
	return 0;
}

static int set_charge(struct request *q, struct slice v)
{
	report_bool(&q->report, "charging", v);
	return 0;
}

/* Several of a kind are one attribute, divided by semicolons. Those that would pass the bound of a text are left out. */
static int gather(struct request *q, struct slice *all, const char *name, struct slice v)
{
	size_t n = all->n + (all->n > 0) + v.n;

	if (v.n == 0 || n > ATTRIBUTE_TEXT_MAX)
		return 0;
	char *joined = arena_take(q->report.arena, n + 1);
	if (!joined)
		return REASON_TOO_MANY;
	if (all->n > 0) {
		memcpy(joined, all->s, all->n);
		joined[all->n] = ';';
	}
	memcpy(joined + n - v.n, v.s, v.n);
	joined[n] = '\0';
	*all = slice_of(joined, n);
	attribute_text(&q->report.extra, name, joined);
	return 0;
}

static int add_cell(struct request *q, struct slice v)
{
	return gather(q, &q->cells, "cells", v);
}

static int add_wifi(struct request *q, struct slice v)
{
	return gather(q, &q->wifi, "wifi", v);
}

static const struct {
	const char *name;
	int (*set)(struct request *q, struct slice v);
} parameters[] = {
	{ "id", set_identifier },
	{ "lat", set_lat },
	{ "lon", set_lon },
	{ "timestamp", set_time },
	{ "speed", set_speed },
	{ "bearing", set_course },
	{ "heading", set_course },
	{ "altitude", set_altitude },
	{ "accuracy", set_accuracy },
	{ "batt", set_battery },
	{ "hdop", set_hdop },
	{ "valid", set_valid },
	{ "charge", set_charge },
	{ "deviceid", set_identifier },
	{ "device_id", set_identifier },
	{ "location", set_location },
	{ "secret", set_secret },
	{ "cell", add_cell },
	{ "wifi", add_wifi },
};

static int read_parameter(struct request *q, struct slice name, struct slice value)
{
	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
		if (slice_is(name, parameters[i].name))
			return parameters[i].set(q, value);
	report_other(&q->report, name, value);
	return 0;
}

static int read_parameters(struct request *q, struct slice text)
{
	struct slice name, value;
	int e = 0;

	while (e == 0 && http_pair(&text, &name, &value)) {
		e = http_unescape(&name, name, q->report.arena);
		if (e == 0)
			e = http_unescape(&value, value, q->report.arena);
		if (e == 0)
			e = read_parameter(q, name, value);
	}
	return e;
}

/* ---- requests ---- */

static void begin(struct request *q, struct arena *arena)
{
	report_begin(&q->report, arena);
	q->lat = q->lon = q->cells = q->wifi = (struct slice){ 0 };
	q->identifier = q->secret = NULL;
}

static bool is_json(const struct http_request *http, struct slice body)
{
	struct slice type = http->content_type;

	if (body.n > 0 && slice_is_nocase(slice_trim(slice_cut(&type, ';')), "application/json"))
		return true;
	return body.n > 0 && *body.s == '{';
}

static bool is_form(const struct http_request *http, struct slice body)
{
	struct slice type = http->content_type;

	return body.n > 0 &&
	       (!type.s || slice_is_nocase(slice_trim(slice_cut(&type, ';')), "application/x-www-form-urlencoded"));
}

static int read_form(struct request *q, const struct http_request *http, struct slice body,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	int e = read_parameters(q, http->query);

	if (e == 0 && is_form(http, body))
		e = read_parameters(q, body);
	if (e == 0)
		e = report_place(&q->report, q->lat, q->lon);
	if (e == 0 && q->identifier)
		e = report_end(&q->report, scratch, result);
	return e;
}

/* Of the query beside a JSON body only who sends counts. */
static int read_json(struct request *q, const struct http_request *http, struct slice body,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	int e = read_parameters(q, http->query);

	return e != 0 ? e : osmand_json(body, scratch, result, &q->identifier);
}

/* "IDENTIFIER:SECRET" in the only field that some apps have. */
static void split_identifier(struct request *q, struct arena *arena)
{
	const char *colon = strchr(q->identifier, ':');

	if (!colon)
		return;
	if (!q->secret)
		q->secret = colon + 1;
	q->identifier = arena_text(arena, q->identifier, (size_t)(colon - q->identifier));
}

static int name_group(struct request *q, struct protocol_scratch *scratch, struct protocol_result *result)
{
	if (q->identifier)
		split_identifier(q, &scratch->arena);
	if (!q->identifier || !*q->identifier)
		return REASON_NO_DEVICE;
	if (strlen(q->identifier) > PROTOCOL_IDENTIFIER_MAX)
		return REASON_UNKNOWN_DEVICE;
	if (result->positions_n == 0) /* JSON without a location */
		return REASON_BAD_FRAME;
	if (scratch->groups_max == 0)
		return REASON_TOO_MANY;
	result->groups = scratch->groups;
	result->groups[0] =
		(struct protocol_group){ .identifier = q->identifier, .secret = q->secret, .n = result->positions_n };
	result->groups_n = 1;
	return 0;
}

static int osmand_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	struct protocol_result result = { 0 };
	struct http_request http;
	struct slice body;
	struct request q;

	(void)session;
	arena_reset(&scratch->arena);
	int e = http_read(&http, &body, frame, len, &scratch->arena, &ret->note);
	if (e != 0)
		return e;
	bool json = is_json(&http, body);
	ret->note.state[NOTE_JSON] = json;

	begin(&q, &scratch->arena);
	e = json ? read_json(&q, &http, body, scratch, &result) : read_form(&q, &http, body, scratch, &result);
	if (e == 0) {
		const char *presented = http_secret(&http, &scratch->arena);
		if (presented)
			q.secret = presented;
		e = name_group(&q, scratch, &result);
	}
	result.note = ret->note;
	result.note.records = (uint32_t)result.positions_n;
	if (e == 0)
		*ret = result;
	return e;
}

static struct protocol_answer osmand_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	int status = http_status(refused);

	(void)session;
	if (refused == REASON_UNKNOWN_DEVICE && note->state[NOTE_JSON])
		status = 404;
	return http_answer(note, status, refused, now_ms, out);
}

const struct protocol protocol_osmand = {
	.name = "osmand",
	.port = 5055,
	.transport = PROTOCOL_TCP,
	.idle_s = 120,
	.http = true,
	.secret = true,
	.frame = http_frame,
	.interim = http_interim,
	.decode = osmand_decode,
	.answer = osmand_answer,
};
