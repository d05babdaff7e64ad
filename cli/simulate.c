/* simulate - plays trackers against a gateway. */
#include "cli/command.h"
#include "cli/play_settings.h"

static struct play play;

static const struct setting settings[] = {
	PLAY_GATEWAY_SETTINGS(play),
	{ "PETTRACK_TRACKERS", NULL, setting_int, &play.trackers,
		"how many; without it as many as there are tracks or devices, else 10", 1, 100000 },
	{ "PETTRACK_DEVICES", NULL, setting_text, &play.devices_path,
		"file of JSON lines {\"identifier\",\"secret\"}; with --register it is read where it is there, and "
		"written" },
	{ "PETTRACK_REGISTER", "false", setting_bool, &play.enrol,
		"make the trackers in the account, or use again those of the same names; of --email, the account too" },
	ACCOUNT_SETTINGS(play.account),
	ACCOUNT_WAIT_SETTING(play.account),
	{ "PETTRACK_TRACKS", NULL, setting_text, &play.tracks_path,
		"tracks to play: GPX, or CSV with Movebank's columns; without it the model of cats and dogs" },
	{ "PETTRACK_KEEP_TIMES", "false", setting_bool, &play.keep_times,
		"keep the times of the tracks; without it the first fix is now, or with --speed-up 0 the last" },
	PLAY_MODEL_SETTINGS(play),
	{ "PETTRACK_SPECIES", "any", setting_species, &play.species, "of the model: cat, dog or any" },
	{ "PETTRACK_INTERVAL", NULL, setting_duration, &play.interval_ms,
		"of the model: a fix so often and no gaps; without it as real receivers have them", 1000, 86400000 },
	{ "PETTRACK_PAST", NULL, setting_duration, &play.past_ms,
		"of the model: begin so long ago and end now; without it begin now and go on", 60000,
		INT64_C(366) * 86400000 },
	{ "PETTRACK_SPEED_UP", "1", setting_real, &play.speed_up,
		"times faster than life; 0: as fast as the gateway answers" },
	{ "PETTRACK_RATE", "0", setting_real, &play.rate, "positions a second at most, all together; 0: no bound" },
	{ "PETTRACK_COUNT", "0", setting_int, &play.count, "end after so many positions; 0: no bound", 0, INT64_MAX },
	{ "PETTRACK_DURATION", NULL, setting_duration, &play.duration_ms, "end after so long", 1,
		INT64_C(366) * 86400000 },
	PLAY_OUTPUT_SETTINGS(play),
	{ 0 },
};

static int run(int argc, char **argv)
{
	const struct service service = {
		.name = argv[0],
		.summary =
			"Plays trackers against a gateway. Each keeps what was not acknowledged and sends it again.\n"
			"With --register they are devices of the account of --email, else of the one that is logged "
			"in; it "
			"goes on where\n`seed` has ended. A tracker whose secret is taken no more gets a new one.\n"
			"Ctrl-C ends it in good order; the exit status is 1 when a tracker gave up or nothing was "
			"acknowledged.",
		.settings = settings,
		.prefix = "PETTRACK_",
	};
	play_settings_begin();
	int r = service_start(&service, argc, argv);

	if (r)
		return settings_exit(r);
	play.account.enrol = play.enrol;
	return play_run(&play);
}

const struct command command_simulate = { "simulate", "play trackers against a gateway", run };
