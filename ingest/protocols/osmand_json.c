/* osmand_json - the members of a location, one function each. */
#include "ingest/protocols/osmand_json.h"

#include "ingest/protocols/report_json.h"

/* A number, or nothing for -1, which is how the library says that it does not know. */
static struct slice known_number(struct jread *j)
{
	struct slice v = jread_number(j);

	return slice_is(v, "-1") || slice_is(v, "-1.0") ? (struct slice){ 0 } : v;
}

static int read_coords(struct report *r, struct jread *j)
{
	struct slice name, lat = { 0 }, lon = { 0 };

	if (jread_type(j) != JREAD_OBJECT) { /* null */
		jread_skip(j);
		return 0;
	}
	for (jread_object(j); jread_member(j, &name);) {
		if (slice_is(name, "latitude"))
			lat = jread_number(j);
		else if (slice_is(name, "longitude"))
			lon = jread_number(j);
		else if (slice_is(name, "accuracy"))
			report_accuracy(r, known_number(j));
		else if (slice_is(name, "speed"))
			report_speed(r, known_number(j), 1);
		else if (slice_is(name, "heading"))
			report_course(r, known_number(j));
		else if (slice_is(name, "altitude"))
			report_altitude(r, jread_number(j));
		else
			jread_skip(j);
	}
	return report_place(r, lat, lon);
}

static void read_battery(struct report *r, struct jread *j)
{
	struct slice name;
	bool charging;

	if (jread_type(j) != JREAD_OBJECT) {
		jread_skip(j);
		return;
	}
	for (jread_object(j); jread_member(j, &name);) {
		if (slice_is(name, "level"))
			report_battery(r, known_number(j), 100);
		else if (!slice_is(name, "is_charging"))
			jread_skip(j);
		else if (jread_bool(j, &charging))
			attribute_bool(&r->extra, "charging", charging);
	}
}

static void read_activity(struct report *r, struct jread *j)
{
	struct slice name;
	const char *type;

	if (jread_type(j) != JREAD_OBJECT) {
		jread_skip(j);
		return;
	}
	for (jread_object(j); jread_member(j, &name);) {
		if (!slice_is(name, "type"))
			jread_skip(j);
		else if ((type = jread_string(j, r->arena)))
			attribute_text(&r->extra, "activity", type);
	}
}

static void read_extras(struct report *r, struct jread *j)
{
	struct slice name;

	if (jread_type(j) != JREAD_OBJECT) {
		jread_skip(j);
		return;
	}
	for (jread_object(j); jread_member(j, &name);)
		report_json_other(r, name, j);
}

/* One member of a location. 0 or enum protocol_reason. */
static int read_member(struct report *r, struct jread *j, struct slice name)
{
	bool moving;

	if (slice_is(name, "timestamp"))
		return report_json_time(r, j);
	if (slice_is(name, "coords"))
		return read_coords(r, j);
	if (slice_is(name, "battery"))
		read_battery(r, j);
	else if (slice_is(name, "activity"))
		read_activity(r, j);
	else if (slice_is(name, "extras"))
		read_extras(r, j);
	else if (slice_is(name, "odometer"))
		report_real(r, "odometer", known_number(j));
	else if (slice_is(name, "_") || slice_is(name, "uuid")) /* the request again as a query; the app's own row id */
		jread_skip(j);
	else if (!slice_is(name, "is_moving"))
		report_json_other(r, name, j);
	else if (jread_bool(j, &moving))
		attribute_bool(&r->extra, "motion", moving);
	return 0;
}

static int read_location(struct jread *j, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct slice name;
	struct report r;
	int e = 0;

	report_begin(&r, &scratch->arena);
	for (jread_object(j); e == 0 && jread_member(j, &name);)
		e = read_member(&r, j, name);
	if (e == 0 && j->bad)
		e = REASON_BAD_FRAME;
	return e != 0 ? e : report_end(&r, scratch, result);
}

static int read_locations(struct jread *j, struct protocol_scratch *scratch, struct protocol_result *result)
{
	int e = 0;

	if (jread_type(j) != JREAD_ARRAY)
		return read_location(j, scratch, result);
	for (jread_array(j); e == 0 && jread_element(j);)
		e = read_location(j, scratch, result);
	return e;
}

int osmand_json(struct slice body, struct protocol_scratch *scratch, struct protocol_result *result,
	const char **ret_identifier)
{
	struct jread j = jread_over(body);
	struct slice name;
	int e = 0;

	for (jread_object(&j); e == 0 && jread_member(&j, &name);) {
		const char *identifier;
		if (slice_is(name, "location"))
			e = read_locations(&j, scratch, result);
		else if (!slice_is(name, "device_id"))
			jread_skip(&j);
		else if ((identifier = jread_string(&j, &scratch->arena)))
			*ret_identifier = identifier;
	}
	if (e == 0 && !jread_done(&j))
		e = REASON_BAD_FRAME;
	return e;
}
