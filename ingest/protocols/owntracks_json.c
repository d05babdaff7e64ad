/* owntracks_json - the type first, which may stand anywhere in the message; then its members. */
#include "ingest/protocols/owntracks_json.h"

#include "ingest/protocols/report_json.h"

/* How a message is read. */
enum kind {
	NOTHING,
	CONTACT, /* with its type as the event */
	STEPS,
	LOCATION,
	TRANSITION,
};

static const struct {
	const char *type;
	enum kind kind;
} kinds[] = {
	{ "location", LOCATION },
	{ "transition", TRANSITION },
	{ "steps", STEPS },
	{ "waypoint", CONTACT },
	{ "waypoints", CONTACT },
	{ "status", CONTACT },
	{ "beacon", CONTACT },
	{ "encrypted", CONTACT },
};

/* What is being read of a message. */
struct message {
	struct report report;
	enum kind kind;
	const char *type;
	struct slice lat, lon;
	struct parts wifi, regions, alarms;
};

/* ---- who, and what ---- */

static int find_type(struct slice text, struct arena *arena, const char **ret_type, struct owntracks_sender *ret)
{
	struct jread j = jread_over(text);
	struct slice name;

	*ret_type = NULL;
	*ret = (struct owntracks_sender){ 0 };
	for (jread_object(&j); jread_member(&j, &name);) {
		if (slice_is(name, "_type"))
			*ret_type = jread_string(&j, arena);
		else if (slice_is(name, "topic"))
			ret->topic = report_json_string(&j, arena);
		else if (slice_is(name, "tid"))
			ret->tracker = report_json_string(&j, arena);
		else
			jread_skip(&j);
	}
	return jread_done(&j) && *ret_type ? 0 : REASON_BAD_FRAME;
}

static enum kind kind_of(const char *type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kinds[i].type, type))
			return kinds[i].kind;
	return NOTHING;
}

/* ---- members ---- */

/* 0 unknown, 1 unplugged, 2 charging, 3 full */
static void read_battery_state(struct report *r, struct jread *j)
{
	struct slice v = jread_number(j);

	if (slice_is(v, "1"))
		attribute_bool(&r->extra, "charging", false);
	else if (slice_is(v, "2") || slice_is(v, "3"))
		attribute_bool(&r->extra, "charging", true);
}

static void read_connection(struct report *r, struct jread *j)
{
	struct slice v = report_json_string(j, r->arena);

	if (slice_is(v, "w"))
		attribute_text(&r->extra, "networkType", "wifi");
	else if (slice_is(v, "m"))
		attribute_text(&r->extra, "networkType", "mobile");
	else if (slice_is(v, "o"))
		attribute_text(&r->extra, "networkType", "offline");
}

static void read_activities(struct report *r, struct jread *j)
{
	struct parts parts;

	parts_begin(&parts);
	report_json_list(r, &parts, "", j);
	parts_end(&parts, "activity", &r->extra, r->arena);
}

static void read_crossing(struct message *m, struct jread *j)
{
	const char *event = jread_string(j, m->report.arena);

	if (!event)
		return;
	attribute_text(&m->report.extra, "event", event);
	if (!strcmp(event, "enter"))
		parts_alarm(&m->alarms, "geofenceEnter");
	else if (!strcmp(event, "leave"))
		parts_alarm(&m->alarms, "geofenceExit");
}

/* What kinds of message have in common. */
static bool read_common(struct message *m, struct jread *j, struct slice name)
{
	struct report *r = &m->report;

	if (slice_is(name, "batt"))
		report_battery(r, jread_number(j), 1);
	else if (slice_is(name, "bs"))
		read_battery_state(r, j);
	else if (slice_is(name, "conn"))
		read_connection(r, j);
	else if (slice_is(name, "steps"))
		report_other(r, name, jread_number(j));
	else
		return false;
	return true;
}

/* What makes a place. */
static bool read_place(struct message *m, struct jread *j, struct slice name)
{
	struct report *r = &m->report;

	if (slice_is(name, "lat"))
		m->lat = jread_number(j);
	else if (slice_is(name, "lon"))
		m->lon = jread_number(j);
	else if (slice_is(name, "acc"))
		report_accuracy(r, jread_number(j));
	else if (slice_is(name, "alt"))
		report_altitude(r, jread_number(j));
	else if (slice_is(name, "vel"))
		report_speed(r, jread_number(j), 1 / 3.6);
	else if (slice_is(name, "cog"))
		report_course(r, jread_number(j));
	else
		return false;
	return true;
}

/* What else a location or a transition has. */
static void read_extra(struct message *m, struct jread *j, struct slice name)
{
	struct report *r = &m->report;

	if (slice_is(name, "t") && m->kind == LOCATION)
		report_json_text(r, "event", j);
	else if (slice_is(name, "event") && m->kind == TRANSITION)
		read_crossing(m, j);
	else if (slice_is(name, "desc") && m->kind == TRANSITION)
		report_json_text(r, "fence", j);
	else if (slice_is(name, "vac"))
		report_real(r, "verticalAccuracy", jread_number(j));
	else if (slice_is(name, "p"))
		report_real(r, "pressure", jread_number(j));
	else if (slice_is(name, "m"))
		report_other(r, slice_of("monitoring", 10), jread_number(j));
	else if (slice_is(name, "created_at"))
		report_other(r, slice_of("createdAt", 9), jread_number(j));
	else if (slice_is(name, "inregions"))
		report_json_list(r, &m->regions, "", j);
	else if (slice_is(name, "motionactivities"))
		read_activities(r, j);
	else if (slice_is(name, "BSSID"))
		parts_wifi(&m->wifi, report_json_string(j, r->arena), NULL);
	else if (slice_is(name, "SSID"))
		report_json_text(r, "ssid", j);
	else
		report_json_other(r, name, j);
}

static bool is_plumbing(struct slice name)
{
	static const char *const names[] = { "_type", "_id", "topic", "tid", "inrids", "rid", "wtst", "image",
		"imagename" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_is(name, names[i]))
			return true;
	return false;
}

static bool says_when(const struct message *m, struct slice name)
{
	return slice_is(name, "tst") && m->kind != CONTACT; /* a fence's is when it was made */
}

/* 0 or enum protocol_reason. */
static int read_member(struct message *m, struct jread *j, struct slice name)
{
	bool placed = m->kind == LOCATION || m->kind == TRANSITION;

	if (says_when(m, name))
		return report_time(&m->report, jread_number(j));
	if (is_plumbing(name))
		jread_skip(j);
	else if (!read_common(m, j, name) && !(placed && read_place(m, j, name))) {
		if (placed)
			read_extra(m, j, name);
		else
			jread_skip(j);
	}
	return 0;
}

/* ---- messages ---- */

static int end(struct message *m, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct report *r = &m->report;

	if (m->kind == CONTACT)
		attribute_text(&r->extra, "event", m->type);
	parts_end(&m->regions, "fences", &r->extra, r->arena);
	parts_end(&m->alarms, "alarm", &r->extra, r->arena);
	parts_end(&m->wifi, "wifi", &r->extra, r->arena);
	int e = report_place(r, m->lat, m->lon);
	return e != 0 ? e : report_end(r, scratch, result);
}

static int read_message(
	struct message *m, struct slice text, struct protocol_scratch *scratch, struct protocol_result *result)
{
	struct jread j = jread_over(text);
	struct slice name;
	int e = 0;

	report_begin(&m->report, &scratch->arena);
	parts_begin(&m->wifi);
	parts_begin(&m->regions);
	parts_begin(&m->alarms);
	for (jread_object(&j); e == 0 && jread_member(&j, &name);)
		e = read_member(m, &j, name);
	if (e == 0 && !jread_done(&j))
		e = REASON_BAD_FRAME;
	return e != 0 ? e : end(m, scratch, result);
}

int owntracks_json(struct slice text, struct protocol_scratch *scratch, struct protocol_result *result,
	struct owntracks_sender *ret)
{
	struct message m = { 0 };
	int e = find_type(text, &scratch->arena, &m.type, ret);

	if (e != 0)
		return e;
	m.kind = kind_of(m.type);
	return m.kind == NOTHING ? 0 : read_message(&m, text, scratch, result);
}

bool owntracks_topic(struct slice topic, struct slice *ret_user, struct slice *ret_device)
{
	struct slice root = slice_cut(&topic, '/'), user = slice_cut(&topic, '/'), device = slice_cut(&topic, '/');

	if (root.n == 0 || user.n == 0 || device.n == 0)
		return false;
	*ret_user = user;
	*ret_device = device;
	return true;
}
