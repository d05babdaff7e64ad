/* dialect - the table. */
#include "cli/simulation/dialect.h"

#include <string.h>

extern const struct dialect dialect_osmand;
extern const struct dialect dialect_owntracks;
extern const struct dialect dialect_overland;
extern const struct dialect dialect_gpslogger;
extern const struct dialect dialect_gt06;
extern const struct dialect dialect_jt808;
extern const struct dialect dialect_teltonika_8, dialect_teltonika_8e, dialect_teltonika_16;
extern const struct dialect dialect_teltonika_udp_8, dialect_teltonika_udp_8e, dialect_teltonika_udp_16;
extern const struct dialect dialect_h02;
extern const struct dialect dialect_watch;
extern const struct dialect dialect_gl200;
extern const struct dialect dialect_gps103;
extern const struct dialect dialect_tk103;
extern const struct dialect dialect_t55;
extern const struct dialect dialect_meitrack;
extern const struct dialect dialect_owntracks_mqtt;

const struct dialect *const dialects[] = {
	&dialect_osmand,
	&dialect_owntracks,
	&dialect_overland,
	&dialect_gpslogger,
	&dialect_gt06,
	&dialect_jt808,
	&dialect_teltonika_8,
	&dialect_teltonika_8e,
	&dialect_teltonika_16,
	&dialect_teltonika_udp_8,
	&dialect_teltonika_udp_8e,
	&dialect_teltonika_udp_16,
	&dialect_h02,
	&dialect_watch,
	&dialect_gl200,
	&dialect_gps103,
	&dialect_tk103,
	&dialect_t55,
	&dialect_meitrack,
	&dialect_owntracks_mqtt,
	NULL,
};

const struct dialect *dialect_find(const char *name)
{
	for (const struct dialect *const *d = dialects; *d; d++)
		if (!strcmp((*d)->name, name))
			return *d;
	return NULL;
}

const struct dialect *dialect_speaking(const char *protocol, const char *codec)
{
	for (const struct dialect *const *d = dialects; *d; d++)
		if (!strcmp((*d)->protocol, protocol) && (!(*d)->codec || !strcmp((*d)->codec, codec)))
			return *d;
	return NULL;
}

void dialect_put_protocols(struct text *t)
{
	const char *last = "";

	for (const struct dialect *const *d = dialects; *d; d++) {
		if (!strcmp((*d)->protocol, last))
			continue;
		text_printf(t, "%s%s", *last ? ", " : "", (*d)->protocol);
		last = (*d)->protocol;
	}
}

void dialect_put_codecs(struct text *t, const char *protocol)
{
	bool more = false;

	for (const struct dialect *const *d = dialects; *d; d++) {
		if (!(*d)->codec || strcmp((*d)->protocol, protocol) != 0)
			continue;
		text_printf(t, "%s%s", more ? ", " : "", (*d)->codec);
		more = true;
	}
}
