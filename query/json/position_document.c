/* position_document - one pass over the fields. */
#include "query/json/position_document.h"

#include <math.h>
#include <string.h>

static bool read_uuid(struct uuid *ret, const bson_iter_t *i)
{
	bson_subtype_t subtype;
	const uint8_t *bytes;
	uint32_t len;

	if (!BSON_ITER_HOLDS_BINARY(i))
		return false;
	bson_iter_binary(i, &subtype, &len, &bytes);
	if (subtype != BSON_SUBTYPE_UUID || len != sizeof ret->b)
		return false;
	memcpy(ret->b, bytes, len);
	return true;
}

static void read_time(int64_t *ret, const bson_iter_t *i)
{
	if (BSON_ITER_HOLDS_DATE_TIME(i))
		*ret = bson_iter_date_time(i);
}

/* {d: device, t: time}, or the device alone. */
static bool read_id(struct position *p, const bson_iter_t *id)
{
	bson_iter_t i;
	bool found = false;

	if (!BSON_ITER_HOLDS_DOCUMENT(id))
		return read_uuid(&p->device, id);
	if (!bson_iter_recurse(id, &i))
		return false;
	while (bson_iter_next(&i)) {
		if (BSON_ITER_IS_KEY(&i, "d"))
			found = read_uuid(&p->device, &i);
		else if (BSON_ITER_IS_KEY(&i, "t"))
			read_time(&p->time_ms, &i);
	}
	return found;
}

static bool read_number(double *ret, const bson_iter_t *i)
{
	if (!BSON_ITER_HOLDS_NUMBER(i))
		return false;
	*ret = bson_iter_as_double(i);
	return isfinite(*ret);
}

/* Degrees to e7; false where they are on no map. */
static bool read_degrees(int32_t *ret, const bson_iter_t *i, double limit)
{
	double degrees;

	if (!read_number(&degrees, i) || fabs(degrees) > limit)
		return false;
	*ret = (int32_t)lround(degrees * 1e7);
	return true;
}

static void read_field(struct position *p, const bson_iter_t *i, uint32_t field, float *ret)
{
	double v;

	if (!read_number(&v, i))
		return;
	*ret = (float)v;
	p->has |= field;
}

static bool read_attribute(struct attribute *ret, const bson_iter_t *i)
{
	ret->name = bson_iter_key(i);
	if (BSON_ITER_HOLDS_BOOL(i)) {
		ret->type = ATTRIBUTE_BOOL;
		ret->boolean = bson_iter_bool(i);
	} else if (BSON_ITER_HOLDS_INT(i)) {
		ret->type = ATTRIBUTE_INT;
		ret->integer = bson_iter_as_int64(i);
	} else if (BSON_ITER_HOLDS_DOUBLE(i)) {
		ret->type = ATTRIBUTE_REAL;
		ret->real = bson_iter_double(i);
	} else if (BSON_ITER_HOLDS_UTF8(i)) {
		ret->type = ATTRIBUTE_TEXT;
		ret->text = bson_iter_utf8(i, NULL);
	} else {
		return false;
	}
	return true;
}

static void read_attributes(struct position_document *d, const bson_iter_t *attributes)
{
	bson_iter_t i;

	if (!BSON_ITER_HOLDS_DOCUMENT(attributes) || !bson_iter_recurse(attributes, &i))
		return;
	while (d->position.attributes_n < POSITION_ATTRIBUTES_MAX && bson_iter_next(&i))
		if (read_attribute(&d->attributes[d->position.attributes_n], &i))
			d->position.attributes_n++;
}

/* The fields that are numbers. */
static void read_numbers(struct position *p, const bson_iter_t *i)
{
	if (BSON_ITER_IS_KEY(i, "speed"))
		read_field(p, i, POSITION_SPEED, &p->speed_mps);
	else if (BSON_ITER_IS_KEY(i, "course"))
		read_field(p, i, POSITION_COURSE, &p->course_deg);
	else if (BSON_ITER_IS_KEY(i, "altitude"))
		read_field(p, i, POSITION_ALTITUDE, &p->altitude_m);
	else if (BSON_ITER_IS_KEY(i, "accuracy"))
		read_field(p, i, POSITION_ACCURACY, &p->accuracy_m);
	else if (BSON_ITER_IS_KEY(i, "battery"))
		read_field(p, i, POSITION_BATTERY, &p->battery_pct);
}

static void read_rest(struct position_document *d, const bson_iter_t *i)
{
	struct position *p = &d->position;

	if (BSON_ITER_IS_KEY(i, "time"))
		read_time(&p->time_ms, i);
	else if (BSON_ITER_IS_KEY(i, "received"))
		read_time(&p->received_ms, i);
	else if (BSON_ITER_IS_KEY(i, "contact"))
		read_time(&d->contact_ms, i);
	else if (BSON_ITER_IS_KEY(i, "valid"))
		p->invalid = BSON_ITER_HOLDS_BOOL(i) && !bson_iter_bool(i);
	else if (BSON_ITER_IS_KEY(i, "protocol") && BSON_ITER_HOLDS_UTF8(i))
		p->protocol = bson_iter_utf8(i, NULL);
	else if (BSON_ITER_IS_KEY(i, "attributes"))
		read_attributes(d, i);
	else
		read_numbers(p, i);
}

bool position_document_read(struct position_document *ret, const bson_t *doc)
{
	struct position *p = &ret->position;
	bool device = false, lat = false, lon = false;
	bson_iter_t i;

	memset(p, 0, sizeof *p);
	p->attributes = ret->attributes;
	ret->contact_ms = 0;
	if (!bson_iter_init(&i, doc))
		return false;
	while (bson_iter_next(&i)) {
		if (BSON_ITER_IS_KEY(&i, "_id"))
			device = read_id(p, &i);
		else if (BSON_ITER_IS_KEY(&i, "lat"))
			lat = read_degrees(&p->lat_e7, &i, 90);
		else if (BSON_ITER_IS_KEY(&i, "lon"))
			lon = read_degrees(&p->lon_e7, &i, 180);
		else
			read_rest(ret, &i);
	}
	if (lat && lon)
		p->has |= POSITION_LOCATION;
	return device;
}

void latest_filter(bson_t *ret, const struct uuid *ids, size_t n)
{
	bson_t in, list;
	char buf[16];
	const char *key;

	bson_init(ret);
	BSON_APPEND_DOCUMENT_BEGIN(ret, "_id", &in);
	BSON_APPEND_ARRAY_BEGIN(&in, "$in", &list);
	for (size_t i = 0; i < n; i++) {
		size_t len = bson_uint32_to_string((uint32_t)i, &key, buf, sizeof buf);
		bson_append_binary(&list, key, (int)len, BSON_SUBTYPE_UUID, ids[i].b, sizeof ids[i].b);
	}
	bson_append_array_end(&in, &list);
	bson_append_document_end(ret, &in);
}
