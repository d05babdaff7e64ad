/*
 * settings - how service_start() reads a table: flags, environment, files, defaults; and --help
 *
 * Internal to lib/service. Thread: main, before others exist.
 */
#pragma once

#include "service/service.h"
#include "base/text.h"

/* Reads the table of @s and then @common. 0, enum service_result (said on stdout or stderr), or -errno. */
MUST_CHECK int settings_read(const struct service *s, const struct setting *common, int argc, char **argv);

/* Prints --help. */
void settings_help(const struct service *s, const struct setting *common);

/* OPS_PORT in a table; NULL for a program that has none, and so no --probe. */
const struct setting *settings_ops(const struct setting *s);

/* "1s to 10m": the bounds of a setting that has some. */
void setting_put_bounds(struct text *t, const struct setting *s);

enum { FLAG_SIZE = 80 };

/* "--auth-roles" or, without the program's prefix, "--roles" for AUTH_ROLES. */
void setting_flag_name(char out[static FLAG_SIZE], const struct setting *s, const char *prefix);
