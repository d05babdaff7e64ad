/* play_settings - rows that `simulate` and `seed` share, and parsers of their own */
#pragma once

#include "cli/play.h"

/* "50.1703,-5.1138" into the play's lat_e7 and lon_e7; the target is the struct play. */
const char *setting_home(const char *text, void *target, int64_t min, int64_t max);

/* A number with decimals, not negative, into a double. */
const char *setting_real(const char *text, void *target, int64_t min, int64_t max);

/* "cat", "dog" or "any" into a const char *. */
const char *setting_species(const char *text, void *target, int64_t min, int64_t max);

enum { PLAY_HELP_SIZE = 512 };

/* What --help says of --protocol and --codec: what the table of dialects has, once play_settings_begin() has been called. */
extern char play_protocol_help[PLAY_HELP_SIZE], play_codec_help[PLAY_HELP_SIZE];

/* To be called before the settings are read. */
void play_settings_begin(void);

/* Where Falmouth's cats live, whose figures the model has. */
#define PLAY_HOME "50.1703,-5.1138"

#define PLAY_GATEWAY_SETTINGS(p)                                                                                       \
	{ "PETTRACK_GATEWAY", NULL, setting_text, &(p).gateway,                                                        \
		"HOST:PORT; without it 127.0.0.1 and the protocol's port" },                                           \
		{ "PETTRACK_PROTOCOL", "osmand", setting_text, &(p).protocol, play_protocol_help },                    \
		{ "PETTRACK_CODEC", "8", setting_text, &(p).codec, play_codec_help },                                  \
		{ "PETTRACK_RECORDS", "1", setting_int, &(p).records,                                                  \
			"positions in a frame at most, where the protocol takes several", 1, 255 },                    \
		{ "PETTRACK_TIMEOUT", "30s", setting_duration, &(p).timeout_ms,                                        \
			"how long an answer may take; then the tracker connects again", 100, 600000 },                 \
	{                                                                                                              \
		"PETTRACK_PATIENCE", "8", setting_int, &(p).patience,                                                  \
			"how often in a row a tracker is refused before it gives up, or gets a new secret; 8 is half " \
			"a minute, in which a new secret reaches every gateway",                                       \
			1, 1000                                                                                        \
	}

#define PLAY_MODEL_SETTINGS(p)                                                                                         \
	{ "PETTRACK_SEED", "1", setting_int, &(p).seed, "the same number gives the same movements", 0, INT64_MAX },    \
		{ "PETTRACK_HOME", PLAY_HOME, setting_home, &(p), "LAT,LON around which the pets live" },              \
	{                                                                                                              \
		"PETTRACK_SPREAD", "3000", setting_real, &(p).spread_m, "m; homes are at most this far from there"     \
	}

#define PLAY_OUTPUT_SETTINGS(p)                                                                                        \
	{ "PETTRACK_ACK_LOG", NULL, setting_text, &(p).ack_log_path,                                                   \
		"file to which a JSON line is added for each acknowledged position, after the answer" },               \
	{                                                                                                              \
		"PETTRACK_JSON", "false", setting_bool, &(p).json, "print the result as JSON"                          \
	}
