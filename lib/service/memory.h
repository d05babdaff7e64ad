/* memory - for what is registered once, at a program's start: no memory then is the program's end */
#pragma once

#include <stddef.h>

/* @size zeroed bytes, for the life of the process. Never NULL. */
void *memory_for_life(size_t size);
