/*
 * shm - keeps libmongoc's counters out of /dev/shm
 *
 * The library keeps counters in shared memory, for a tool of its own that nobody runs here. It makes the file
 * /dev/shm/mongoc-PID when it is loaded, before main(), and takes it away in mongoc_cleanup(): a program that is killed
 * leaves the file behind. In a container every program is process 1, so the next one finds it; or /dev/shm may not be
 * written to at all. Then the library says so on standard error, in a line of its own that is no JSON. The variable it
 * reads, MONGOC_DISABLE_SHM, cannot be set early enough by the program itself.
 *
 * So it gets memory that has no name: a program's function comes before one of the same name in a library, also for
 * calls from other libraries, and from the first one on.
 */
#include "store/internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static const char counters[] = "/mongoc-";

static bool are_counters(const char *name)
{
	return !strncmp(name, counters, strlen(counters));
}

int shm_open(const char *name, int flags, mode_t mode)
{
	int (*real)(const char *name, int flags, mode_t mode);

	if (are_counters(name))
		return memfd_create("mongoc-counters", MFD_CLOEXEC);
	*(void **)&real = dlsym(RTLD_NEXT, "shm_open");
	if (real)
		return real(name, flags, mode);
	errno = ENOSYS;
	return -1;
}
