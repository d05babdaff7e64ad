/* failing_alloc - the wrappers that the linker puts in place of the allocator. */
#include "tests/lib/failing_alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static atomic_size_t left; /* allocations until the one that fails, that one included; 0: none will */
static atomic_bool happened;

void failing_alloc_at(size_t n)
{
	atomic_store(&happened, false);
	atomic_store(&left, n);
}

bool failing_alloc_happened(void)
{
	atomic_store(&left, 0);
	return atomic_load(&happened);
}

bool failing_alloc_more(size_t n)
{
	bool more = n == 1 || failing_alloc_happened();

	failing_alloc_at(more ? n : 0);
	return more;
}

static bool fails(void)
{
	size_t n = atomic_load(&left);

	while (n > 0 && !atomic_compare_exchange_weak(&left, &n, n - 1))
		;
	if (n != 1)
		return false;
	atomic_store(&happened, true);
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : __real_strndup(s, n);
}
