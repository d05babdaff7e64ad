#include "bytes.h"

#include "base/text.h"

#include <check.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROOM = 64 * 1024 };

static uint8_t *guard(void)
{
	static uint8_t *end;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!end) {
		uint8_t *map = mmap(NULL, ROOM + page, PROT_NONE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
		ck_assert(map != MAP_FAILED && mprotect(map, ROOM, PROT_READ | PROT_WRITE) == 0);
		end = map + ROOM;
	}
	return end;
}

const uint8_t *bytes_at_guard(const void *bytes, size_t n)
{
	ck_assert_uint_le(n, ROOM);
	return memmove(guard() - n, bytes, n);
}

const uint8_t *hex_at_guard(const char *hex, size_t *ret_n)
{
	size_t n = strlen(hex) / 2;

	ck_assert_uint_le(n, ROOM);
	ck_assert_int_eq(text_unhex(guard() - n, n, hex, strlen(hex)), 0);
	*ret_n = n;
	return guard() - n;
}
