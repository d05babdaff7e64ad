/* memory - allocation that ends the program when it fails. */
#include "service/memory.h"
#include "service/log.h"

#include <stdlib.h>

void *memory_for_life(size_t size)
{
	void *p = calloc(1, size);

	if (!p) {
		log_error("no memory at start", LOG_I("bytes", size));
		abort();
	}
	return p;
}
