/* setting - what Kafka would refuse later, and with less to say about it. */
#include "bus/setting.h"

#include <string.h>

enum { PREFIX_MAX = 200 }; /* leaves room for the longest name */

const char *bus_prefix_setting(const char *text, void *target, int64_t min, int64_t max)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	(void)min;
	(void)max;
	if (strlen(text) > PREFIX_MAX || text[strspn(text, allowed)])
		return "must be at most 200 letters, digits, '.', '_' and '-'";
	*(const char **)target = text;
	return NULL;
}
