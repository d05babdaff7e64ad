/* position_json - formatted by hand: it is what both query roles spend most of their time on. */
#include "query/json/position_json.h"
#include "base/time.h"

#include <math.h>
#include <string.h>

enum { DECIMALS = 3 };

static void put_time(struct text *t, const char *name, int64_t ms)
{
	char time[TIME_TEXT_SIZE];

	time_format(time, ms);
	text_puts(t, name);
	text_put(t, time, TIME_TEXT_SIZE - 1);
	text_putc(t, '"');
}

static void put_field(struct text *t, const struct position *p, uint32_t field, const char *name, float v)
{
	if (!position_has(p, field))
		return;
	text_puts(t, name);
	text_fixed(t, (double)v, DECIMALS);
}

/* Attributes have any scale: few digits where that is exact enough, else as many as a double can tell apart. */
static void put_real(struct text *t, double v)
{
	double a = fabs(v);

	if (v == 0 || (a >= 0.001 && a < 1e9) || !isfinite(v))
		text_fixed(t, v, 6);
	else
		text_printf(t, "%.15g", v);
}

static void put_attribute(struct text *t, const struct attribute *a)
{
	text_json(t, a->name, strlen(a->name));
	text_putc(t, ':');
	switch (a->type) {
	case ATTRIBUTE_BOOL:
		text_puts(t, a->boolean ? "true" : "false");
		break;
	case ATTRIBUTE_INT:
		text_int(t, a->integer);
		break;
	case ATTRIBUTE_REAL:
		put_real(t, a->real);
		break;
	case ATTRIBUTE_TEXT:
		text_json(t, a->text, strlen(a->text));
		break;
	}
}

static void put_attributes(struct text *t, const struct position *p)
{
	const char *before = ",\"attributes\":{";

	for (size_t i = 0; i < p->attributes_n; i++, before = ",") {
		text_puts(t, before);
		put_attribute(t, &p->attributes[i]);
	}
	text_puts(t, p->attributes_n ? "}" : "");
}

size_t position_json(struct text *t, const struct position *p, unsigned flags, int64_t contact_ms)
{
	char device[UUID_TEXT_SIZE];
	size_t plain;

	uuid_format(device, &p->device);
	text_puts(t, "{\"device\":\"");
	text_put(t, device, UUID_TEXT_SIZE - 1);
	text_putc(t, '"');
	if (p->time_ms != 0 || position_has(p, POSITION_LOCATION))
		put_time(t, ",\"time\":\"", p->time_ms);
	if (p->received_ms != 0)
		put_time(t, ",\"received\":\"", p->received_ms);
	if (position_has(p, POSITION_LOCATION) && !(flags & POSITION_JSON_PLACELESS)) {
		text_puts(t, ",\"lat\":");
		text_e7(t, p->lat_e7);
		text_puts(t, ",\"lon\":");
		text_e7(t, p->lon_e7);
	}
	put_field(t, p, POSITION_SPEED, ",\"speed\":", p->speed_mps);
	put_field(t, p, POSITION_COURSE, ",\"course\":", p->course_deg);
	put_field(t, p, POSITION_ALTITUDE, ",\"altitude\":", p->altitude_m);
	put_field(t, p, POSITION_ACCURACY, ",\"accuracy\":", p->accuracy_m);
	put_field(t, p, POSITION_BATTERY, ",\"battery\":", p->battery_pct);
	if (p->invalid)
		text_puts(t, ",\"valid\":false");
	plain = t->len;
	if (p->protocol) {
		text_puts(t, ",\"protocol\":");
		text_json(t, p->protocol, strlen(p->protocol));
	}
	if (flags & POSITION_JSON_LATE)
		text_puts(t, ",\"late\":true");
	if (contact_ms != 0)
		put_time(t, ",\"contact\":\"", contact_ms);
	put_attributes(t, p);
	text_putc(t, '}');
	return plain;
}
