/* dialect - the table. */
#include "cli/simulation/dialect.h"

#include <string.h>

extern const struct dialect dialect_osmand, dialect_teltonika_8, dialect_teltonika_8e;

const struct dialect *dialect_find(const char *name)
{
	static const struct dialect *const dialects[] = { &dialect_osmand, &dialect_teltonika_8,
		&dialect_teltonika_8e };

	for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
		if (!strcmp(dialects[i]->name, name))
			return dialects[i];
	return NULL;
}
