/* subcommand - what commands that have several of them share. */
#include "base/uuid.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(const struct command *subcommands, size_t n, const char *name, bool asked)
{
	FILE *to = asked ? stdout : stderr;

	fprintf(to, "Usage: %s", name);
	for (size_t i = 0; i < n; i++)
		fprintf(to, "%s %s%s%s", i ? " |" : "", subcommands[i].name, *subcommands[i].summary ? " " : "",
			subcommands[i].summary);
	fputs("  [--flag VALUE]...\n", to);
	return asked ? EXIT_SUCCESS : 2;
}

int run_subcommand(const struct command *subcommands, size_t n, int argc, char **argv)
{
	char name[64];

	for (size_t i = 0; argc > 1 && i < n; i++)
		if (!strcmp(argv[1], subcommands[i].name)) {
			snprintf(name, sizeof name, "%s %s", argv[0], argv[1]);
			argv[1] = name;
			return subcommands[i].run(argc - 1, argv + 1);
		}
	return usage(subcommands, n, argv[0], argc > 1 && !strcmp(argv[1], "--help"));
}

bool given_id(const char *id, const char *what, const char *list)
{
	struct uuid ignored;
	bool is = id && uuid_parse(&ignored, id, strlen(id)) == 0;

	if (!is)
		complain("which %s? Give its id, from `%s`", what, list);
	return is;
}
