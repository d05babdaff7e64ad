/* rules - one reader a member. */
#include "ingest/gateway/rules.h"

#include "ingest/protocols/owntracks_mqtt.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum {
	CLOCK_OFFSET_MAX_S = 86400,
	MQTT_BIT = 63, /* of the protocol that is in no table: it has no port */
};

/* ---- reading ---- */

static int read_clock_offset(struct rules *r, const json_t *o)
{
	json_int_t v = json_integer_value(o);

	if (!json_is_integer(o) || v < -CLOCK_OFFSET_MAX_S || v > CLOCK_OFFSET_MAX_S)
		return -EINVAL;
	r->clock_offset_s = (int32_t)v;
	return 0;
}

/* The bit of the protocol called @name; 0 for one that is not spoken here. */
static uint64_t protocol_bit(const char *name)
{
	for (unsigned i = 0; protocols[i] && i < MQTT_BIT; i++)
		if (!strcmp(protocols[i]->name, name))
			return 1ULL << i;
	return !strcmp(protocol_owntracks_mqtt.name, name) ? 1ULL << MQTT_BIT : 0;
}

static int read_protocols(struct rules *r, const json_t *o)
{
	const json_t *v;
	size_t i;

	if (!json_is_array(o))
		return -EINVAL;
	r->protocols_named = true;
	json_array_foreach(o, i, v)
	{
		if (!json_is_string(v))
			return -EINVAL;
		r->protocols |= protocol_bit(json_string_value(v));
	}
	return 0;
}

static int read_networks(struct rules *r, const json_t *o)
{
	const json_t *v;
	size_t i;

	if (!json_is_array(o) || json_array_size(o) == 0 || json_array_size(o) > RULES_NETWORKS_MAX)
		return -EINVAL;
	json_array_foreach(o, i, v)
	{
		const char *text = json_string_value(v);
		if (!text || network_parse(&r->networks[i], text) != 0)
			return -EINVAL;
		r->networks_n++;
	}
	return 0;
}

static int read_limit(struct rules *r, enum filter f, const json_t *o)
{
	double v = json_is_boolean(o) ? json_is_true(o) : json_number_value(o);

	if ((f == FILTER_INVALID || f == FILTER_ZERO_ISLAND ? !json_is_boolean(o) : !json_is_number(o)) || v < 0)
		return -EINVAL;
	r->filters.limit[f] = (float)v;
	r->filters_named |= (uint8_t)(1U << f);
	return 0;
}

static int read_filters(struct rules *r, const json_t *o)
{
	static const char *const members[FILTERS] = {
		[FILTER_INVALID] = "invalid",
		[FILTER_ZERO_ISLAND] = "zero_island",
		[FILTER_ACCURACY] = "accuracy_max_m",
		[FILTER_SPEED] = "speed_max_mps",
		[FILTER_DISTANCE] = "distance_min_m",
		[FILTER_PERIOD] = "period_min_s",
	};
	int result = json_is_object(o) ? 0 : -EINVAL;

	for (int f = 1; result == 0 && f < FILTERS; f++) {
		const json_t *limit = json_object_get(o, members[f]);
		if (limit)
			result = read_limit(r, (enum filter)f, limit);
	}
	return result;
}

int rules_read(struct rules *ret, const json_t *o)
{
	static const struct {
		const char *name;
		int (*read)(struct rules *r, const json_t *o);
	} members[] = {
		{ "clock_offset_s", read_clock_offset },
		{ "protocols", read_protocols },
		{ "networks", read_networks },
		{ "filters", read_filters },
	};
	struct rules r = { 0 };

	if (o && !json_is_null(o) && !json_is_object(o))
		return -EINVAL;
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const json_t *member = json_object_get(o, members[i].name);
		if (member && members[i].read(&r, member) != 0)
			return -EINVAL;
	}
	*ret = r;
	return 0;
}

/* ---- asking ---- */

bool rules_none(const struct rules *r)
{
	return r->clock_offset_s == 0 && !r->protocols_named && r->networks_n == 0 && r->filters_named == 0;
}

bool rules_allow(const struct rules *r, const struct protocol *p, const struct address *from)
{
	bool allowed = r->networks_n == 0;

	if (r->protocols_named && !(r->protocols & protocol_bit(p->name)))
		return false;
	for (size_t i = 0; !allowed && i < r->networks_n; i++)
		allowed = network_has(&r->networks[i], from);
	return allowed;
}

struct filters rules_filters(const struct rules *r, const struct filters *defaults)
{
	struct filters f = *defaults;

	for (int i = 1; i < FILTERS; i++)
		if (r->filters_named >> i & 1)
			f.limit[i] = r->filters.limit[i];
	return f;
}
