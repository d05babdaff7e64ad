/*
 * command - the subcommands of `pettrack`
 *
 * One file each. A command reads its settings by lib/service: argv[0] is its own name, "pettrack login".
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct command {
	const char *name; /* "login" */
	const char *summary; /* one line, for `pettrack --help` */
	/* Returns the exit status: 0 done, 1 failed and said so, 2 wrong usage and said so. */
	int (*run)(int argc, char **argv);
};

extern const struct command command_login, command_device, command_shares, command_simulate, command_seed, command_tail,
	command_check, command_replica_set, command_retention, command_decode, command_keys, command_invite,
	command_link, command_export;

/* Runs the one of @n that argv[1] names, with "pettrack device add" as its argv[0]; where it names none, says how they are
 * used, by their summaries: their arguments. Returns the exit status. */
int run_subcommand(const struct command *subcommands, size_t n, int argc, char **argv);

/* Whether @id is a UUID, as lists show them; else says "which link? Give its id, from `pettrack link list`", for @what "link"
 * and @list "pettrack link list". */
bool given_id(const char *id, const char *what, const char *list);

/* Says "pettrack: ..." on standard error and returns exit status 1. */
int complain(const char *format, ...) PRINTF_LIKE(1, 2);

/* Ends a command after service_start() or service_settings() did not return 0: their exit status, said where negative. */
int settings_exit(int r);
