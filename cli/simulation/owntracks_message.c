/* owntracks_message - members in the order in which the app has them. */
#include "cli/simulation/owntracks_message.h"
#include "cli/simulation/whole.h"

#include <string.h>

/* A tracker id is two characters: the last ones of the name, as the app has it. */
static const char *tracker_id(const char *identifier)
{
	size_t n = strlen(identifier);

	return n > 2 ? identifier + n - 2 : identifier;
}

static void put_member(struct text *t, const char *name, double v)
{
	text_printf(t, ",\"%s\":", name);
	text_fixed(t, v, 0);
}

void owntracks_put_message(struct text *t, const char *identifier, const struct position *p)
{
	text_puts(t, "{\"_type\":\"location\",\"tid\":");
	text_json(t, tracker_id(identifier), strlen(tracker_id(identifier)));
	put_member(t, "tst", (double)(p->time_ms / 1000));
	text_puts(t, ",\"lat\":");
	text_e7(t, p->lat_e7);
	text_puts(t, ",\"lon\":");
	text_e7(t, p->lon_e7);
	if (position_has(p, POSITION_ACCURACY))
		put_member(t, "acc", p->accuracy_m);
	if (position_has(p, POSITION_ALTITUDE))
		put_member(t, "alt", p->altitude_m);
	if (position_has(p, POSITION_SPEED))
		put_member(t, "vel", p->speed_mps * 3.6);
	if (position_has(p, POSITION_COURSE))
		put_member(t, "cog", whole_course_deg(p));
	if (position_has(p, POSITION_BATTERY))
		put_member(t, "batt", p->battery_pct);
	text_puts(t, ",\"bs\":1,\"conn\":\"m\",\"m\":1}");
}
