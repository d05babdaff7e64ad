/* device - `pettrack device`: its subcommands, and what they share. */
#include "cli/device.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int device_failed(int r)
{
	return complain("%s", session_error(r));
}

void device_print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
	putchar('\n');
}

int device_print_added(const json_t *device, bool json)
{
	if (json)
		device_print_json(device);
	else
		printf("id          %s\nidentifier  %s\nsecret      %s\n", device_text(device, "id"),
			device_text(device, "identifier"), device_text(device, "secret"));
	return EXIT_SUCCESS;
}

bool device_begin(const struct service *s, int argc, char **argv, struct session **ret, int *ret_status)
{
	int r = service_settings(s, argc, argv);

	if (r) {
		*ret_status = settings_exit(r);
		return false;
	}
	r = session_open(ret);
	if (r)
		*ret_status = device_failed(r);
	return r == 0;
}

static int find(struct session *s, const char *what, json_t **ret_list, const json_t **ret)
{
	bool several;
	int r = devices_list(s, ret_list);

	if (r)
		return device_failed(r);
	*ret = devices_find(*ret_list, what, &several);
	if (several)
		return complain("several devices are called '%s': give the id, from `pettrack device list`", what);
	return *ret ? 0 : complain("no device is called '%s'", what);
}

int device_on_one_and(const char *summary, const struct setting *settings, const char *arguments, const char **words,
	size_t n, int argc, char **argv, int (*act)(struct session *s, const json_t *device))
{
	struct session *session;
	const json_t *device = NULL;
	json_t *list = NULL;
	int status;

	if (!device_begin(&(struct service){ argv[0], summary, settings, "PETTRACK_", arguments, words, n }, argc, argv,
		    &session, &status))
		return status;
	if (words[0]) {
		status = find(session, words[0], &list, &device);
		if (status == 0)
			status = act(session, device);
	} else {
		complain("which device? Its name, identifier or id is missing");
		status = 2;
	}
	json_decref(list);
	session_close(session);
	return status;
}

int device_on_one(const char *summary, const struct setting *settings, int argc, char **argv,
	int (*act)(struct session *s, const json_t *device))
{
	static const char *what;

	return device_on_one_and(summary, settings, "DEVICE", &what, 1, argc, argv, act);
}

static const struct command subcommands[] = {
	{ "add", "NAME", device_add },
	{ "claim", "--identifier ID --code CODE --name NAME", device_claim },
	{ "list", "", device_list },
	{ "rotate", "DEVICE", device_rotate },
	{ "rules", "DEVICE", device_rules },
	{ "remove", "DEVICE", device_remove },
	{ "share", "DEVICE EMAIL", device_share },
	{ "shares", "DEVICE", device_shares },
	{ "unknown", "", device_unknown },
};

static int run(int argc, char **argv)
{
	return run_subcommand(subcommands, sizeof subcommands / sizeof *subcommands, argc, argv);
}

const struct command command_device = { "device", "add, claim, list, rotate, remove, share trackers; their rules",
	run };
