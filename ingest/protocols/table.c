/* table - the protocols there are */
#include "ingest/protocols/protocol.h"

#include <string.h>

extern const struct protocol protocol_osmand, protocol_owntracks, protocol_overland, protocol_gpslogger,
	protocol_teltonika, protocol_teltonika_udp, protocol_gt06, protocol_jt808, protocol_h02, protocol_watch,
	protocol_gl200, protocol_gps103, protocol_tk103, protocol_t55, protocol_meitrack;

const struct protocol *const protocols[] = {
	&protocol_osmand,
	&protocol_owntracks,
	&protocol_overland,
	&protocol_gpslogger,
	&protocol_teltonika,
	&protocol_teltonika_udp,
	&protocol_gt06,
	&protocol_jt808,
	&protocol_h02,
	&protocol_watch,
	&protocol_gl200,
	&protocol_gps103,
	&protocol_tk103,
	&protocol_t55,
	&protocol_meitrack,
	NULL,
};

static const char *const reason_names[REASONS] = {
	[REASON_BAD_FRAME] = "bad_frame",
	[REASON_TOO_LARGE] = "too_large",
	[REASON_HEADER_TOO_LARGE] = "header_too_large",
	[REASON_BAD_CHECKSUM] = "bad_checksum",
	[REASON_UNSUPPORTED] = "unsupported",
	[REASON_BAD_VALUE] = "bad_value",
	[REASON_TOO_MANY] = "too_many",
	[REASON_NO_DEVICE] = "no_device",
	[REASON_UNKNOWN_DEVICE] = "unknown_device",
	[REASON_NOT_ALLOWED] = "not_allowed",
	[REASON_WRONG_SECRET] = "wrong_secret",
	[REASON_UNAVAILABLE] = "unavailable",
};

const char *protocol_reason_name(enum protocol_reason r)
{
	return r > 0 && r < REASONS ? reason_names[r] : "none";
}

const struct protocol *protocol_find(const char *name)
{
	for (const struct protocol *const *p = protocols; *p; p++)
		if (!strcmp((*p)->name, name))
			return *p;
	return NULL;
}

struct protocol_limits protocol_limits_of(const struct protocol *p, const struct protocol_sizes *set)
{
	size_t frame = p->http ? set->header_max + set->body_max : set->frame_max;
	size_t header = p->http ? set->header_max : set->frame_max;

	return (struct protocol_limits){ frame < p->frame_need ? p->frame_need : frame, header };
}

bool protocol_identifier_possible(const char *identifier)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strspn(identifier, allowed);

	return n > 0 && n <= PROTOCOL_IDENTIFIER_MAX && identifier[n] == '\0';
}
