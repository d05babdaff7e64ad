/* scratch - three pieces of the heap. */
#include "ingest/protocols/scratch.h"

#include <errno.h>
#include <stdlib.h>

enum {
	POSITIONS_MAX = 1024, /* in one frame */
	GROUPS_MAX = 64,
	ARENA_SIZE = 1 << 20,
};

int protocol_scratch_open(struct protocol_scratch *ret)
{
	void *arena = malloc(ARENA_SIZE);

	*ret = (struct protocol_scratch){
		.groups = calloc(GROUPS_MAX, sizeof *ret->groups),
		.groups_max = GROUPS_MAX,
		.positions = calloc(POSITIONS_MAX, sizeof *ret->positions),
		.positions_max = POSITIONS_MAX,
		.arena = arena_over(arena, ARENA_SIZE),
	};
	if (arena && ret->groups && ret->positions)
		return 0;
	protocol_scratch_close(ret);
	*ret = (struct protocol_scratch){ 0 };
	return -ENOMEM;
}

void protocol_scratch_close(struct protocol_scratch *s)
{
	free(s->arena.buf);
	free(s->groups);
	free(s->positions);
}
