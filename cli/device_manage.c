/* device_manage - the account's trackers: list, rotate, remove. */
#include "cli/command.h"
#include "cli/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool json_wanted, yes;

/* ---- list ---- */

static void print_device(const json_t *device)
{
	const json_t *pet = json_object_get(device, "pet");

	printf("%-36s  %-24s  %-20s  %s%s%s\n", device_text(device, "id"), device_text(device, "identifier"),
		device_text(device, "name"), device_text(pet, "name"), *device_text(pet, "species") ? ", " : "",
		device_text(pet, "species"));
}

int device_list(int argc, char **argv)
{
	static const struct setting settings[] = { DEVICE_JSON_SETTING(json_wanted), { 0 } };
	struct session *session;
	json_t *devices = NULL;
	const json_t *device;
	size_t i;
	int status;

	if (!device_begin(&(struct service){ argv[0], "Lists the account's trackers.", settings, "PETTRACK_" }, argc,
		    argv, &session, &status))
		return status;
	int r = devices_list(session, &devices);
	session_close(session);
	if (r)
		return device_failed(r);
	if (json_wanted)
		device_print_json(devices);
	else
		json_array_foreach(devices, i, device) print_device(device);
	json_decref(devices);
	return EXIT_SUCCESS;
}

/* ---- rotate and remove ---- */

static int rotate_one(struct session *s, const json_t *device)
{
	char *secret;
	int r = devices_rotate(s, device_text(device, "id"), &secret);

	if (r)
		return device_failed(r);
	if (json_wanted)
		printf("{\"identifier\":\"%s\",\"secret\":\"%s\"}\n", device_text(device, "identifier"), secret);
	else
		printf("identifier  %s\nsecret      %s\n", device_text(device, "identifier"), secret);
	free(secret);
	return EXIT_SUCCESS;
}

static bool sure(const json_t *device)
{
	if (yes || !isatty(STDIN_FILENO))
		return yes;
	printf("Remove %s (%s)? Type yes: ", device_text(device, "name"), device_text(device, "identifier"));
	fflush(stdout);
	char line[16];
	return fgets(line, sizeof line, stdin) && !strcmp(line, "yes\n");
}

static int remove_one(struct session *s, const json_t *device)
{
	if (!sure(device))
		return complain("not removed: say --yes");
	int r = devices_remove(s, device_text(device, "id"));

	return r ? device_failed(r) : EXIT_SUCCESS;
}

int device_rotate(int argc, char **argv)
{
	static const struct setting settings[] = { DEVICE_JSON_SETTING(json_wanted), { 0 } };

	return device_on_one(
		"Gives a tracker a new secret, shown once; the old one ends.", settings, argc, argv, rotate_one);
}

int device_remove(int argc, char **argv)
{
	static const struct setting settings[] = {
		{ "PETTRACK_YES", "false", setting_bool, &yes, "do not ask" },
		{ 0 },
	};

	return device_on_one("Removes a tracker from the account.", settings, argc, argv, remove_one);
}
