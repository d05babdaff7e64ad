/* decode_lines - byte by byte, since a frame may have a NUL in it. */
#include "cli/decode_lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

int decode_lines_open(struct decode_lines *ret, FILE *in, size_t max)
{
	char *buf = malloc(max);

	if (!buf)
		return -ENOMEM;
	*ret = (struct decode_lines){ in, buf, max };
	return 0;
}

void decode_lines_close(struct decode_lines *l)
{
	free(l->buf);
}

int decode_lines_next(struct decode_lines *l, size_t *ret_n)
{
	bool any = false, too_long = false;
	size_t n = 0;
	int c;

	while ((c = getc_unlocked(l->in)) != EOF) {
		any = true;
		if (c == '\n')
			break;
		if (n < l->max)
			l->buf[n++] = (char)c;
		else
			too_long = true;
	}
	if (ferror(l->in))
		return -EIO;
	if (!any)
		return DECODE_LINES_E_END;
	if (too_long)
		return DECODE_LINES_E_TOO_LONG;
	*ret_n = n > 0 && l->buf[n - 1] == '\r' ? n - 1 : n;
	return 0;
}
