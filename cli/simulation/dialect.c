/* dialect - the table. */
#include "cli/simulation/dialect.h"

#include <string.h>

extern const struct dialect dialect_osmand, dialect_teltonika_8, dialect_teltonika_8e;

const struct dialect *dialect_find(const char *name)
{
	static const struct dialect *const dialects[] = {
		&dialect_osmand,
		&dialect_teltonika_8,
		&dialect_teltonika_8e,
		NULL,
	};

	for (const struct dialect *const *d = dialects; *d; d++)
		if (!strcmp((*d)->name, name))
			return *d;
	return NULL;
}
