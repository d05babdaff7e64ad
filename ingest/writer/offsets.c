/* offsets - how far each partition of one topic is done. */
#include "offsets.h"

#include <errno.h>
#include <stdlib.h>

static int grow(struct offsets *o, size_t n)
{
	int64_t *done = realloc(o->done, n * sizeof(*done));

	if (!done)
		return -ENOMEM;
	o->done = done;
	while (o->n < n)
		o->done[o->n++] = -1;
	return 0;
}

int offsets_note(struct offsets *o, int32_t partition, int64_t offset)
{
	size_t i = (size_t)partition;
	int r = i < o->n ? 0 : grow(o, i + 1);

	if (r)
		return r;
	if (offset > o->done[i])
		o->done[i] = offset;
	return 0;
}

int64_t offsets_take(struct offsets *o, int32_t *ret_partition)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->done[i] >= 0) {
			int64_t offset = o->done[i];
			o->done[i] = -1;
			*ret_partition = (int32_t)i;
			return offset;
		}
	return -1;
}

void offsets_drop(struct offsets *o, int32_t partition)
{
	if ((size_t)partition < o->n)
		o->done[partition] = -1;
}

void offsets_free(struct offsets *o)
{
	free(o->done);
	*o = (struct offsets){ 0 };
}
