/* play_settings - the parsers. */
#include "cli/play_settings.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

char play_protocol_help[PLAY_HELP_SIZE], play_codec_help[PLAY_HELP_SIZE];

void play_settings_begin(void)
{
	struct text protocols = text_in(play_protocol_help, sizeof play_protocol_help);
	struct text codecs = text_in(play_codec_help, sizeof play_codec_help);

	dialect_put_protocols(&protocols);
	text_puts(&codecs, "Teltonika's codec: ");
	dialect_put_codecs(&codecs, "teltonika");
	assert(text_ok(&protocols) && text_ok(&codecs));
}

const char *setting_home(const char *text, void *target, int64_t min, int64_t max)
{
	struct play *p = target;
	const char *comma = strchr(text, ',');
	int32_t lat, lon;

	(void)min;
	(void)max;
	if (!comma || text_to_e7(&lat, text, (size_t)(comma - text), 90) ||
		text_to_e7(&lon, comma + 1, strlen(comma + 1), 180))
		return "must be LAT,LON in degrees, such as " PLAY_HOME;
	p->lat_e7 = lat;
	p->lon_e7 = lon;
	return NULL;
}

const char *setting_real(const char *text, void *target, int64_t min, int64_t max)
{
	double v;

	(void)min;
	(void)max;
	if (text_to_real(&v, text, strlen(text)) || v < 0)
		return "must be a number, 0 or more";
	*(double *)target = v;
	return NULL;
}

const char *setting_species(const char *text, void *target, int64_t min, int64_t max)
{
	(void)min;
	(void)max;
	if (strcmp(text, "cat") != 0 && strcmp(text, "dog") != 0 && strcmp(text, "any") != 0)
		return "must be cat, dog or any";
	*(const char **)target = text;
	return NULL;
}
