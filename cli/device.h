/*
 * device - what the subcommands of `pettrack device` share; nobody else includes it
 *
 * Thread: main.
 */
#pragma once

#include "cli/devices.h"
#include "service/service.h"

#define DEVICE_JSON_SETTING(wanted)                                                                                    \
	{                                                                                                              \
		"PETTRACK_JSON", "false", setting_bool, &(wanted), "print JSON"                                        \
	}

/* Says why a call of the session failed, and returns exit status 1. */
int device_failed(int r);

/* One line. */
void device_print_json(const json_t *value);

/* What its tracker needs to know: the secret is shown this once. Returns exit status 0. */
int device_print_added(const json_t *device, bool json);

/* Reads the settings of a subcommand and opens the session. Else false, with the exit status in *ret_status. */
bool device_begin(const struct service *s, int argc, char **argv, struct session **ret, int *ret_status);

/* Reads the settings of a subcommand about one device, which is named by its argument (its name, identifier or id), and
 * has @act do it; @act returns the exit status, as this does. */
int device_on_one(const char *summary, const struct setting *settings, int argc, char **argv,
	int (*act)(struct session *s, const json_t *device));

/* The same, with further arguments: @words gets @n of them, described by @arguments, of which the first names the device; what
 * was not given is left as it is. */
int device_on_one_and(const char *summary, const struct setting *settings, const char *arguments, const char **words,
	size_t n, int argc, char **argv, int (*act)(struct session *s, const json_t *device));

/* ---- subcommands: argv[0] is "pettrack device add"; each returns the exit status ---- */

int device_add(int argc, char **argv);
int device_claim(int argc, char **argv);
int device_list(int argc, char **argv);
int device_rotate(int argc, char **argv);
int device_remove(int argc, char **argv);
int device_rules(int argc, char **argv);
int device_share(int argc, char **argv);
int device_shares(int argc, char **argv);
int device_unknown(int argc, char **argv);
