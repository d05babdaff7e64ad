/* bytes - a buffer that grows and is emptied as a whole. */
#include "bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 4096 };

static int grow(struct bytes *b, size_t n)
{
	size_t room = b->room ? b->room : ROOM_MIN;

	while (n > room - b->used) {
		if (room > SIZE_MAX / 2)
			return -ENOMEM;
		room *= 2;
	}
	uint8_t *at = realloc(b->at, room);
	if (!at)
		return -ENOMEM;
	b->at = at;
	b->room = room;
	return 0;
}

int bytes_add(struct bytes *b, const void *from, size_t n, size_t *ret_offset)
{
	int r = n > b->room - b->used || !b->at ? grow(b, n) : 0;

	if (r)
		return r;
	memcpy(b->at + b->used, from, n);
	*ret_offset = b->used;
	b->used += n;
	return 0;
}

void bytes_free(struct bytes *b)
{
	free(b->at);
	*b = (struct bytes){ 0 };
}
