/*
 * GPSLogger for Android, "log to custom URL"
 *
 *   any method; a query, a form, or an object of JSON, as the person writes it, for example
 *   https://HOST/?id=IDENTIFIER&lat=%LAT&lon=%LON&time=%TIME&spd=%SPD&alt=%ALT&acc=%ACC&dir=%DIR&batt=%BATT
 *   or ?id=IDENTIFIER&%ALL, which names all of them in small letters
 *
 * Source: https://gpslogger.app/#howtosendtocustomurl. What OsmAnd's protocol is, but for the names, which people choose: those of %ALL, the
 * long ones, and those of the app's own example are known. And but for speed, which is in m/s, where OsmAnd has knots.
 *
 * %TIME has milliseconds and goes before %TIMESTAMP, which has seconds, where both are sent. The app sends whole files again:
 * a fix is known by its time, and stored once.
 *
 * Answers: as OsmAnd (200, 400, 401, 503).
 */
#include "ingest/protocols/query.h"

static int set_time(struct query *q, struct slice v)
{
	if (v.n == 0)
		return 0;
	q->exact = true;
	return query_time(q, v);
}

/* With an offset; what is no time is the offset alone. */
static int set_local_time(struct query *q, struct slice v)
{
	if (!q->exact && query_time(q, v) == 0)
		q->exact = v.n > 0;
	return 0;
}

static int set_timestamp(struct query *q, struct slice v)
{
	return q->exact ? 0 : query_time(q, v);
}

static int set_speed(struct query *q, struct slice v)
{
	report_speed(&q->report, v, 1);
	return 0;
}

/* The Android id goes before the serial number of the phone. */
static int set_android_id(struct query *q, struct slice v)
{
	q->spare = v;
	return 0;
}

static int set_serial(struct query *q, struct slice v)
{
	if (q->spare.n == 0)
		q->spare = v;
	return 0;
}

static int set_vdop(struct query *q, struct slice v)
{
	report_real(&q->report, "vdop", v);
	return 0;
}

static int set_pdop(struct query *q, struct slice v)
{
	report_real(&q->report, "pdop", v);
	return 0;
}

static int set_distance(struct query *q, struct slice v)
{
	report_real(&q->report, "distance", v);
	return 0;
}

static int set_satellites(struct query *q, struct slice v)
{
	report_other(&q->report, slice_of("satellites", 10), v);
	return 0;
}

static int set_provider(struct query *q, struct slice v)
{
	report_other(&q->report, slice_of("provider", 8), v);
	return 0;
}

static int set_activity(struct query *q, struct slice v)
{
	report_other(&q->report, slice_of("activity", 8), v);
	return 0;
}

static int set_description(struct query *q, struct slice v)
{
	report_other(&q->report, slice_of("description", 11), v);
	return 0;
}

static int ignore(struct query *q, struct slice v)
{
	(void)q;
	(void)v;
	return 0;
}

static const struct query_parameter parameters[] = {
	{ "id", query_identifier },
	{ "lat", query_lat },
	{ "lon", query_lon },
	{ "time", set_time },
	{ "timestamp", set_timestamp },
	{ "spd", set_speed },
	{ "alt", query_altitude },
	{ "acc", query_accuracy },
	{ "dir", query_course },
	{ "batt", query_battery },
	{ "ischarging", query_charging },
	{ "sat", set_satellites },
	{ "prov", set_provider },
	{ "hdop", query_hdop },
	{ "vdop", set_vdop },
	{ "pdop", set_pdop },
	{ "dist", set_distance },
	{ "act", set_activity },
	{ "desc", set_description },
	{ "aid", set_android_id },
	{ "ser", set_serial },
	{ "timewithoffset", set_local_time },
	{ "timeoffset", set_local_time },
	{ "starttimestamp", ignore },
	{ "date", ignore },
	{ "filename", ignore },
	{ "secret", query_secret },
	/* what else people call them */
	{ "deviceid", query_identifier },
	{ "device_id", query_identifier },
	{ "device", query_identifier },
	{ "latitude", query_lat },
	{ "longitude", query_lon },
	{ "lng", query_lon },
	{ "location", query_location },
	{ "s", set_speed },
	{ "speed", set_speed },
	{ "altitude", query_altitude },
	{ "accuracy", query_accuracy },
	{ "bearing", query_course },
	{ "heading", query_course },
	{ "course", query_course },
	{ "bat", query_battery },
	{ "battery", query_battery },
	{ "charge", query_charging },
	{ "charging", query_charging },
	{ "sats", set_satellites },
	{ "satellites", set_satellites },
	{ "activity", set_activity },
	{ "provider", set_provider },
	{ NULL, NULL },
};

static bool is_json(struct slice body)
{
	return body.n > 0 && *body.s == '{';
}

static int read_report(struct query *q, const struct http_request *http, struct slice body,
	struct protocol_scratch *scratch, struct protocol_result *result)
{
	int e = query_read_form(q, parameters, http, is_json(body) ? slice_of(body.s, 0) : body);

	if (e == 0 && is_json(body))
		e = query_read_json(q, parameters, body);
	if (e == 0 && !q->claim.identifier && q->spare.n > 0)
		e = query_identifier(q, q->spare);
	return e != 0 ? e : query_end(q, scratch, result);
}

static int read_request(const struct http_request *http, struct slice body, struct protocol_scratch *scratch,
	struct protocol_result *result)
{
	struct query q;

	query_begin(&q, &scratch->arena);
	int e = read_report(&q, http, body, scratch, result);
	return e != 0 ? e : claim_end(&q.claim, http, scratch, result);
}

static int gpslogger_decode(const struct protocol_session *session, const uint8_t *frame, size_t len,
	struct protocol_scratch *scratch, struct protocol_result *ret)
{
	(void)session;
	return http_decode(read_request, frame, len, scratch, ret);
}

static struct protocol_answer gpslogger_answer(struct protocol_session *session, const struct protocol_note *note,
	enum protocol_reason refused, int64_t now_ms, uint8_t *out)
{
	(void)session;
	return http_answer(note, http_status(refused), refused, now_ms, out);
}

const struct protocol protocol_gpslogger = {
	.name = "gpslogger",
	.port = 5146,
	.transport = PROTOCOL_TCP,
	.idle_s = 120,
	.http = true,
	.secret = true,
	.frame = http_frame,
	.interim = http_interim,
	.decode = gpslogger_decode,
	.answer = gpslogger_answer,
};
