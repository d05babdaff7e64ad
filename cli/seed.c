/* seed - a month of pets' lives for development, sent through the gateway like everything else. */
#include "cli/command.h"
#include "cli/play_settings.h"

static struct play play = { .species = "any" };
static int64_t days;

static const struct setting settings[] = {
	PLAY_GATEWAY_SETTINGS(play),
	{ "PETTRACK_PETS", "20", setting_int, &play.trackers, "how many", 1, 10000 },
	{ "PETTRACK_DAYS", "30", setting_int, &days, "of history, ending now", 1, 366 },
	{ "PETTRACK_DEVICES", NULL, setting_text, &play.devices_path,
		"file of JSON lines {\"identifier\",\"secret\"}: read where it is there, and written" },
	PLAY_MODEL_SETTINGS(play),
	{ "PETTRACK_RATE", "0", setting_real, &play.rate,
		"positions a second at most; 0: as fast as the gateway answers" },
	{ "PETTRACK_REGISTER", "false", setting_bool, &play.account.enrol, "create the owner's account first" },
	ACCOUNT_SETTINGS(play.account),
	ACCOUNT_WAIT_SETTING(play.account),
	{ "PETTRACK_QUERY_URL", NULL, setting_text, &play.query_url,
		"where query answers: then only what is not stored yet is sent; without it everything, once more" },
	PLAY_OUTPUT_SETTINGS(play),
	{ 0 },
};

static int run(int argc, char **argv)
{
	const struct service service = {
		.name = argv[0],
		.summary =
			"Makes pets in an account and fills their past with movements of the model, for development.\n"
			"The account is the one of --email, else the one that is logged in. Run again, with "
			"--query-url, it "
			"adds what\nis missing up to now, and leaves pets alone that somebody goes on playing.",
		.settings = settings,
		.prefix = "PETTRACK_",
	};
	play_settings_begin();
	int r = service_start(&service, argc, argv);

	if (r)
		return settings_exit(r);
	play.enrol = true;
	play.past_ms = days * 86400000;
	return play_run(&play);
}

const struct command command_seed = { "seed", "fill an account with a month of data", run };
