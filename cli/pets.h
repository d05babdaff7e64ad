/* pets - twenty made-up pets, for simulations and canned data */
#pragma once

#include "cli/simulation/model.h"

#include <jansson.h>

struct pet {
	const char *name;
	enum species species;
	const char *breed, *sex, *birth;
	double weight_kg;
};

enum { PETS = 20 };

extern const struct pet pets[PETS];

/* As auth takes it. NULL: no memory. The caller's to json_decref(). */
json_t *pet_json(const struct pet *p);
