/* last_error - why the last call on this thread failed, in words */
#include "client/last_error.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char text[LAST_ERROR_SIZE];

void last_error_set(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
}

void last_error_of_answer(long status, const char *body, size_t len)
{
	static const char *const members[] = { "detail", "title", "error_description", "error" };
	json_t *root = body ? json_loadb(body, len, 0, NULL) : NULL;
	const char *says = NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members) && !says; i++)
		says = json_string_value(json_object_get(root, members[i]));
	if (says)
		last_error_set("%s (status %ld)", says, status);
	else
		last_error_set("status %ld", status);
	json_decref(root);
}

const char *last_error(void)
{
	return text;
}
