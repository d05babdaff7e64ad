/* pettrack - the command line. */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
	&command_login,
	&command_device,
	&command_export,
	&command_shares,
	&command_link,
	&command_simulate,
	&command_decode,
	&command_seed,
	&command_tail,
	&command_check,
	&command_replica_set,
	&command_retention,
	&command_keys,
	&command_invite,
	NULL,
};

static int help(FILE *to, int status)
{
	fputs("Usage: pettrack COMMAND [--flag VALUE]...\n\n", to);
	for (const struct command *const *c = commands; *c; c++)
		fprintf(to, "  %-12s%s\n", (*c)->name, (*c)->summary);
	fputs("\n'pettrack COMMAND --help' tells more about each.\n", to);
	return status;
}

int main(int argc, char **argv)
{
	char name[64];

	if (argc < 2)
		return help(stderr, 2);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(stdout, EXIT_SUCCESS);
	if (!strcmp(argv[1], "--version"))
		return printf("pettrack %s\n", PETTRACK_VERSION) < 0;
	for (const struct command *const *c = commands; *c; c++)
		if (!strcmp(argv[1], (*c)->name)) {
			snprintf(name, sizeof name, "pettrack %s", (*c)->name);
			argv[1] = name;
			return (*c)->run(argc - 1, argv + 1);
		}
	fprintf(stderr, "pettrack: there is no command '%s'\n\n", argv[1]);
	return help(stderr, 2);
}
