/* device_add - a new tracker of the account: its owner's own, or one that came before it was anybody's. */
#include "base/text.h"
#include "cli/command.h"
#include "cli/device.h"

#include <string.h>

static bool json_wanted;

/* Ends a subcommand: prints @device, or says why there is none. */
static int finish(struct session *s, int r, json_t *device)
{
	int status = r ? device_failed(r) : device_print_added(device, json_wanted);

	json_decref(device);
	session_close(s);
	return status;
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

int device_add(int argc, char **argv)
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
		DEVICE_JSON_SETTING(json_wanted),
		{ 0 },
	};
	struct session *session;
	json_t *device = NULL, *pet = NULL;
	int status;

	if (!device_begin(&(struct service){ argv[0], "Adds a tracker to the account and shows its secret, once.",
				  settings, "PETTRACK_", "NAME", &name, 1 },
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
	if (status)
		session_close(session);
	else
		status = finish(session, r, device);
	json_decref(pet);
	return status;
}

/* ---- claim ---- */

int device_claim(int argc, char **argv)
{
	static const char *name, *identifier, *code;
	static const struct setting settings[] = {
		{ "PETTRACK_IDENTIFIER", NULL, setting_text, &identifier, "what the tracker calls itself: its IMEI",
			.flags = SETTING_REQUIRED },
		{ "PETTRACK_CODE", NULL, setting_text, &code,
			"from whoever runs Pettrack, who reads it by `pettrack device unknown`",
			.flags = SETTING_REQUIRED },
		{ "PETTRACK_NAME", NULL, setting_text, &name, "the device's name", .flags = SETTING_REQUIRED },
		DEVICE_JSON_SETTING(json_wanted),
		{ 0 },
	};
	struct session *session;
	json_t *device = NULL;
	int status;

	if (!device_begin(&(struct service){ argv[0],
				  "Adds a tracker that has come already, by the code that goes with it, and shows its "
				  "secret, once.",
				  settings, "PETTRACK_" },
		    argc, argv, &session, &status))
		return status;
	int r = devices_claim(session, name, identifier, code, &device);
	return finish(session, r, device);
}
