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
#include "ingest/protocols/osmand_json.h"
#include "ingest/protocols/query.h"

static const double KNOT_MPS = 1852.0 / 3600.0;

enum { NOTE_JSON = 8 }; /* protocol_note.state; http.h has those before */

static int set_speed(struct query *q, struct slice v)
{
	report_speed(&q->report, v, KNOT_MPS);
	return 0;
}

static const struct query_parameter parameters[] = {
	{ "id", query_identifier },
	{ "lat", query_lat },
	{ "lon", query_lon },
	{ "timestamp", query_time },
	{ "speed", set_speed },
	{ "bearing", query_course },
	{ "heading", query_course },
	{ "altitude", query_altitude },
	{ "accuracy", query_accuracy },
	{ "batt", query_battery },
	{ "hdop", query_hdop },
	{ "valid", query_valid },
	{ "charge", query_charging },
	{ "deviceid", query_identifier },
	{ "device_id", query_identifier },
	{ "location", query_location },
	{ "secret", query_secret },
	{ "cell", query_cell },
	{ "wifi", query_wifi },
	{ NULL, NULL },
};

static bool is_json(const struct http_request *http, struct slice body)
{
	struct slice type = http->content_type;

	if (body.n > 0 && slice_is_nocase(slice_trim(slice_cut(&type, ';')), "application/json"))
		return true;
	return body.n > 0 && *body.s == '{';
}

static int read_form(struct query *q, const struct http_request *http, struct slice body,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	int e = query_read_form(q, parameters, http, body);

	return e != 0 ? e : query_end(q, scratch, result);
}

/* Of the query beside a JSON body only who sends counts. */
static int read_json(struct query *q, const struct http_request *http, struct slice body,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	int e = query_read(q, parameters, http->query);

	if (e == 0)
		e = osmand_json(body, scratch, result, &q->claim.identifier);
	return e;
}

static int read_request(const struct http_request *http, struct slice body, struct protocol_scratch *scratch,
	struct protocol_result *result)
{
	bool json = is_json(http, body);
	struct query q;

	result->note.state[NOTE_JSON] = json;
	query_begin(&q, &scratch->arena);
	int e = json ? read_json(&q, http, body, scratch, result) : read_form(&q, http, body, scratch, result);
	if (e == 0)
		e = claim_end(&q.claim, http, scratch, result);
	return e == 0 && result->positions_n == 0 ? REASON_BAD_FRAME : e; /* JSON without a location */
}

static int osmand_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	(void)session;
	return http_decode(read_request, frame, len, scratch, ret);
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
