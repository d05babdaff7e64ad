/* password - reads from the controlling terminal with the echo off, whatever standard input is. */
#include "cli/password.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

static int read_line(FILE *tty, char *out, size_t size)
{
	if (!fgets(out, (int)size, tty))
		return -ENODATA;
	size_t n = strcspn(out, "\n");
	if (out[n] != '\n')
		return -ENOSPC;
	out[n] = '\0';
	return n > 0 ? 0 : -ENODATA;
}

int password_ask(const char *prompt, char *out, size_t size)
{
	struct termios before, silent;
	FILE *tty = fopen("/dev/tty", "r+e");

	if (!tty)
		return -ENOTTY;
	bool hidden = tcgetattr(fileno(tty), &before) == 0;
	if (hidden) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		hidden = tcsetattr(fileno(tty), TCSAFLUSH, &silent) == 0;
	}
	fputs(prompt, tty);
	fflush(tty);
	int r = hidden ? read_line(tty, out, size) : -ENOTTY;
	if (hidden)
		tcsetattr(fileno(tty), TCSAFLUSH, &before);
	fputc('\n', tty);
	fclose(tty);
	return r;
}
