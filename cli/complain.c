/* complain - how commands say what went wrong. */
#include "cli/command.h"
#include "service/service.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("pettrack: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return EXIT_FAILURE;
}

int settings_exit(int r)
{
	return r < 0 ? complain("%s", strerror(-r)) : service_exit(r);
}
