/* home - a folder of the test's own for the files of a session */
#pragma once

/* Makes it and points XDG_CONFIG_HOME at it. */
void home_begin(void);
void home_end(void);

/* The path of pettrack/@name in it; valid until the next call. */
const char *home_path(const char *name);
