/* home - under /tmp, removed with what the commands leave there. */
#include "tests/cli/home.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/pettrack-home-XXXXXX";

void home_begin(void)
{
	assert(mkdtemp(folder));
	setenv("XDG_CONFIG_HOME", folder, 1);
}

const char *home_path(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/pettrack/%s", folder, name);
	return path;
}

void home_end(void)
{
	unlink(home_path("session.json"));
	unlink(home_path("session.lock"));
	rmdir(home_path(""));
	rmdir(folder);
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
}
