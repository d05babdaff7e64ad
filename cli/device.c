/* device - the trackers of an account: add, list, rotate, remove. */
#include "cli/account.h"
#include "cli/command.h"
#include "cli/devices.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool json_wanted, yes;

#define JSON_SETTING                                                                                                   \
	{                                                                                                              \
		"PETTRACK_JSON", "false", setting_bool, &json_wanted, "print JSON"                                     \
	}

static int failed(int r)
{
	return complain("%s", session_error(r));
}

static void print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
}

/* Reads the settings of one of the subcommands and opens the session. 0, or the exit status in *ret_status. */
static bool begin(const struct service *s, int argc, char **argv, struct session **ret, int *ret_status)
{
	int r = service_settings(s, argc, argv);

	if (r) {
		*ret_status = settings_exit(r);
		return false;
	}
	r = session_open(ret);
	if (r)
		*ret_status = failed(r);
	return r == 0;
}

/* ---- add ---- */

struct pet_settings {
	const char *name, *species, *breed, *sex, *birth, *weight;
};

static int weight_of(const struct pet_settings *p, json_t *pet)
{
	double kg;

	if (!p->weight)
		return 0;
	if (text_to_real(&kg, p->weight, strlen(p->weight)))
		return complain("--weight '%s' is no number of kilograms", p->weight);
	return json_object_set_new(pet, "weight_kg", json_real(kg));
}

static int add(int argc, char **argv)
{
	static const char *name, *identifier;
	static struct pet_settings p;
	static const struct setting settings[] = {
		{ "PETTRACK_IDENTIFIER", NULL, setting_text, &identifier,
			"what the tracker calls itself: an IMEI, an app's id" },
		{ "PETTRACK_PET", NULL, setting_text, &p.name, "the pet's name" },
		{ "PETTRACK_SPECIES", NULL, setting_text, &p.species, "cat, dog ..." },
		{ "PETTRACK_BREED", NULL, setting_text, &p.breed, "its breed" },
		{ "PETTRACK_SEX", NULL, setting_text, &p.sex, "female, male or unknown" },
		{ "PETTRACK_BIRTH", NULL, setting_text, &p.birth, "YYYY-MM-DD" },
		{ "PETTRACK_WEIGHT", NULL, setting_text, &p.weight, "kg" },
		JSON_SETTING,
		{ 0 },
	};
	struct session *session;
	json_t *device = NULL, *pet = NULL;
	int status;

	if (!begin(&(struct service){ argv[0], "Adds a tracker to the account and shows its secret, once.", settings,
			   "PETTRACK_", "NAME", &name, 1 },
		    argc, argv, &session, &status))
		return status;
	if (!name) {
		session_close(session);
		complain("a name for the device is missing: pettrack device add NAME");
		return 2;
	}
	if (p.name)
		pet = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*}", "name", p.name, "species", p.species, "breed", p.breed,
			"sex", p.sex, "birth", p.birth);
	status = pet ? weight_of(&p, pet) : 0;
	int r = status ? 0 : devices_add(session, name, identifier, pet, &device);
	if (r)
		status = failed(r);
	else if (json_wanted && device)
		print_json(device);
	else if (device)
		printf("id          %s\nidentifier  %s\nsecret      %s\n", device_text(device, "id"),
			device_text(device, "identifier"), device_text(device, "secret"));
	json_decref(device);
	json_decref(pet);
	session_close(session);
	return status;
}

/* ---- list ---- */

static void print_device(const json_t *device)
{
	const json_t *pet = json_object_get(device, "pet");

	printf("%-36s  %-24s  %-20s  %s%s%s\n", device_text(device, "id"), device_text(device, "identifier"),
		device_text(device, "name"), device_text(pet, "name"), *device_text(pet, "species") ? ", " : "",
		device_text(pet, "species"));
}

static int list(int argc, char **argv)
{
	static const struct setting settings[] = { JSON_SETTING, { 0 } };
	struct session *session;
	json_t *devices = NULL;
	const json_t *device;
	size_t i;
	int status;

	if (!begin(&(struct service){ argv[0], "Lists the account's trackers.", settings, "PETTRACK_" }, argc, argv,
		    &session, &status))
		return status;
	int r = devices_list(session, &devices);
	session_close(session);
	if (r)
		return failed(r);
	if (json_wanted)
		print_json(devices);
	else
		json_array_foreach(devices, i, device) print_device(device);
	json_decref(devices);
	return EXIT_SUCCESS;
}

/* ---- rotate and remove: of one device, by name, identifier or id ---- */

static int find(struct session *s, const char *what, json_t **ret_list, const json_t **ret)
{
	bool several;
	int r = devices_list(s, ret_list);

	if (r)
		return failed(r);
	*ret = devices_find(*ret_list, what, &several);
	if (several)
		return complain("several devices are called '%s': give the id, from `pettrack device list`", what);
	return *ret ? 0 : complain("no device is called '%s'", what);
}

static int rotate_one(struct session *s, const json_t *device)
{
	char *secret;
	int r = devices_rotate(s, device_text(device, "id"), &secret);

	if (r)
		return failed(r);
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

	return r ? failed(r) : EXIT_SUCCESS;
}

static int on_one(const char *summary, const struct setting *settings, int argc, char **argv,
	int (*act)(struct session *s, const json_t *device))
{
	static const char *what;
	struct session *session;
	const json_t *device = NULL;
	json_t *list = NULL;
	int status;

	if (!begin(&(struct service){ argv[0], summary, settings, "PETTRACK_", "DEVICE", &what, 1 }, argc, argv,
		    &session, &status))
		return status;
	if (what) {
		status = find(session, what, &list, &device);
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

static int rotate(int argc, char **argv)
{
	static const struct setting settings[] = { JSON_SETTING, { 0 } };

	return on_one("Gives a tracker a new secret, shown once; the old one ends.", settings, argc, argv, rotate_one);
}

static int remove_device(int argc, char **argv)
{
	static const struct setting settings[] = {
		{ "PETTRACK_YES", "false", setting_bool, &yes, "do not ask" },
		{ 0 },
	};

	return on_one("Removes a tracker from the account.", settings, argc, argv, remove_one);
}

static const struct command subcommands[] = {
	{ "add", "add a tracker", add },
	{ "list", "list trackers", list },
	{ "rotate", "give a tracker a new secret", rotate },
	{ "remove", "remove a tracker", remove_device },
};

enum { SUBCOMMANDS = sizeof subcommands / sizeof *subcommands };

static int run(int argc, char **argv)
{
	char name[64];

	for (size_t i = 0; argc > 1 && i < SUBCOMMANDS; i++)
		if (!strcmp(argv[1], subcommands[i].name)) {
			snprintf(name, sizeof name, "%s %s", argv[0], argv[1]);
			argv[1] = name;
			return subcommands[i].run(argc - 1, argv + 1);
		}
	bool asked = argc > 1 && !strcmp(argv[1], "--help");
	fprintf(asked ? stdout : stderr,
		"Usage: %s add NAME | list | rotate DEVICE | remove DEVICE  [--flag VALUE]...\n", argv[0]);
	return asked ? EXIT_SUCCESS : 2;
}

const struct command command_device = { "device", "add, list, rotate, remove trackers", run };
