/* decode_report - a tree of JSON that grows with the frames of a line. */
#include "cli/decode_report.h"
#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	REAL_DIGITS = 15, /* all that a double has of a decimal number */
	FLOAT_DIGITS = 7,
};

struct decode_report decode_report_begin(void)
{
	struct decode_report r = { .positions = json_array(), .contacts = json_array() };

	r.failed = !r.positions || !r.contacts;
	return r;
}

void decode_report_end(struct decode_report *r)
{
	free(r->device);
	free(r->answer);
	json_decref(r->positions);
	json_decref(r->contacts);
}

/* ---- values ---- */

/* @value is given away; NULL: it could not be made. */
static void set(struct decode_report *r, json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value))
		r->failed = true;
}

/* What a tracker calls itself may be any bytes; those that are not ASCII are shown as '?' where they are not UTF-8. */
static json_t *text_value(const char *s)
{
	if (text_is_utf8(s, strlen(s)))
		return json_string(s);
	char *copy = strdup(s);
	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	json_t *value = copy ? json_string(copy) : NULL;
	free(copy);
	return value;
}

static json_t *time_value(int64_t ms)
{
	char text[TIME_TEXT_SIZE];

	if (ms <= 0)
		return json_null();
	time_format(text, ms);
	return json_string(text);
}

/* The decimals that a tracker said, without what a float adds to them. */
static json_t *field_value(const struct position *p, enum position_field field, float v)
{
	char digits[32];

	if (!position_has(p, field))
		return json_null();
	snprintf(digits, sizeof digits, "%.*g", FLOAT_DIGITS, (double)v);
	return json_real(strtod(digits, NULL));
}

static json_t *attribute_value(const struct attribute *a)
{
	switch (a->type) {
	case ATTRIBUTE_BOOL:
		return json_boolean(a->boolean);
	case ATTRIBUTE_INT:
		return json_integer(a->integer);
	case ATTRIBUTE_REAL:
		return json_real(a->real);
	case ATTRIBUTE_TEXT:
		return json_string(a->text);
	}
	return NULL;
}

/* ---- reports of a tracker ---- */

static void set_place(struct decode_report *r, json_t *to, const struct position *p)
{
	set(r, to, "valid", json_boolean(!p->invalid));
	set(r, to, "lat", json_real(p->lat_e7 / 1e7));
	set(r, to, "lon", json_real(p->lon_e7 / 1e7));
}

static json_t *attributes_of(struct decode_report *r, const struct position *p)
{
	json_t *attributes = json_object();

	for (size_t i = 0; i < p->attributes_n; i++)
		set(r, attributes, p->attributes[i].name, attribute_value(&p->attributes[i]));
	return attributes;
}

static json_t *report_of(struct decode_report *r, const char *identifier, const struct position *p)
{
	json_t *o = json_object();

	set(r, o, "device", identifier ? text_value(identifier) : json_null());
	set(r, o, "time", time_value(p->time_ms));
	if (position_has(p, POSITION_LOCATION))
		set_place(r, o, p);
	set(r, o, "speed", field_value(p, POSITION_SPEED, p->speed_mps));
	set(r, o, "course", field_value(p, POSITION_COURSE, p->course_deg));
	set(r, o, "altitude", field_value(p, POSITION_ALTITUDE, p->altitude_m));
	set(r, o, "accuracy", field_value(p, POSITION_ACCURACY, p->accuracy_m));
	set(r, o, "battery", field_value(p, POSITION_BATTERY, p->battery_pct));
	set(r, o, "attributes", attributes_of(r, p));
	return o;
}

void decode_report_device(struct decode_report *r, const char *identifier)
{
	if (!r->device) {
		r->device = strdup(identifier);
		r->failed = r->failed || !r->device;
	} else {
		r->several = r->several || strcmp(identifier, r->device) != 0;
	}
}

void decode_report_add(struct decode_report *r, const char *identifier, const struct position *p)
{
	json_t *to = position_has(p, POSITION_LOCATION) ? r->positions : r->contacts;

	if (json_array_append_new(to, report_of(r, identifier, p)))
		r->failed = true;
}

void decode_report_answer(struct decode_report *r, const uint8_t *bytes, size_t n)
{
	char *longer = n > 0 ? realloc(r->answer, r->answer_n + 2 * n + 1) : r->answer;

	if (n == 0)
		return;
	if (!longer) {
		r->failed = true;
		return;
	}
	text_hex(longer + r->answer_n, bytes, n);
	r->answer = longer;
	r->answer_n += 2 * n;
}

void decode_report_error(struct decode_report *r, const char *reason)
{
	if (!r->error)
		r->error = reason;
}

/* ---- the line ---- */

/* Whose they are need not be said of each where all are of one. */
static void drop_devices(json_t *reports)
{
	json_t *report;
	size_t i;

	json_array_foreach(reports, i, report) json_object_del(report, "device");
}

/* The last contact, with the others in it; NULL: there is none. */
static json_t *last_contact(struct decode_report *r)
{
	size_t n = json_array_size(r->contacts);

	if (n == 0)
		return NULL;
	json_t *last = json_incref(json_array_get(r->contacts, n - 1));
	json_array_remove(r->contacts, n - 1);
	if (n > 1)
		set(r, last, "earlier", json_incref(r->contacts));
	return last;
}

int decode_report_write(struct decode_report *r, FILE *out)
{
	if (!r->several) {
		drop_devices(r->positions);
		drop_devices(r->contacts);
	}
	json_t *line = json_pack("{s:o, s:O, s:o?, s:s, s:s?}", "device",
		r->device ? text_value(r->device) : json_null(), "positions", r->positions, "contact", last_contact(r),
		"answer", r->answer ? r->answer : "", "error", r->error);
	if (!line || r->failed) {
		json_decref(line);
		return -ENOMEM;
	}
	int failed = json_dumpf(line, out, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(REAL_DIGITS));
	json_decref(line);
	putc('\n', out);
	return failed || fflush(out) || ferror(out) ? -EIO : 0;
}
