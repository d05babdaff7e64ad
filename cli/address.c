/* address - the part before the last colon, without brackets, and the number behind it. */
#include "cli/address.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

int address_read(char ret_host[static ADDRESS_HOST_SIZE], uint16_t *ret_port, const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	int64_t port;

	if (n > 1 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n == 0 || n >= ADDRESS_HOST_SIZE || text_to_int(&port, colon + 1, strlen(colon + 1)) || port < 1 ||
		port > UINT16_MAX)
		return -EINVAL;
	memcpy(ret_host, text, n);
	ret_host[n] = '\0';
	*ret_port = (uint16_t)port;
	return 0;
}
