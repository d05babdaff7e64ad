/* path - cutting first, decoding after: an encoded slash is part of its segment. */
#include "web/path.h"
#include "base/text.h"

#include <string.h>

/* Undoes %XX in place. Unlike in a form, '+' is a plus. */
static bool decode_segment(char *s)
{
	char *out = s;

	for (; *s; s++) {
		unsigned char byte = (unsigned char)*s;
		if (*s == '%') {
			if (text_unhex(&byte, 1, s + 1, strnlen(s + 1, 2)) || byte == 0)
				return false;
			s += 2;
		}
		*out++ = (char)byte;
	}
	*out = '\0';
	return true;
}

int path_split(struct path *ret, const char *raw)
{
	size_t len = strlen(raw);

	if (len >= sizeof ret->text)
		return PATH_E_TOO_LONG;
	if (raw[0] != '/')
		return PATH_E_MALFORMED;
	memcpy(ret->text, raw, len + 1);
	ret->n = 0;
	for (char *slash = ret->text; slash;) {
		char *segment = slash + 1;
		if (ret->n == SEGMENTS_MAX)
			return PATH_E_TOO_LONG;
		slash = strchr(segment, '/');
		if (slash)
			*slash = '\0';
		if (!decode_segment(segment))
			return PATH_E_MALFORMED;
		ret->segments[ret->n++] = segment;
	}
	return 0;
}

/* Decodes "name=value" in place. */
static bool decode_parameter(char *pair, const char **ret_name, const char **ret_value)
{
	char *equals = strchr(pair, '=');
	char *value = equals ? equals + 1 : pair + strlen(pair);
	size_t len;

	if (equals)
		*equals = '\0';
	if (text_urldecode(pair, strlen(pair), &len))
		return false;
	pair[len] = '\0';
	if (text_urldecode(value, strlen(value), &len))
		return false;
	value[len] = '\0';
	*ret_name = pair;
	*ret_value = value;
	return true;
}

int query_split(struct query *ret, const char *raw)
{
	size_t len = raw ? strlen(raw) : 0;
	char *rest = ret->text, *pair;

	ret->n = 0;
	if (len >= sizeof ret->text)
		return PATH_E_TOO_LONG;
	if (len == 0)
		return 0;
	memcpy(ret->text, raw, len + 1);
	while ((pair = strsep(&rest, "&"))) {
		if (!*pair)
			continue;
		if (ret->n == PARAMETERS_MAX)
			return PATH_E_TOO_LONG;
		if (!decode_parameter(pair, &ret->names[ret->n], &ret->values[ret->n]))
			return PATH_E_MALFORMED;
		ret->n++;
	}
	return 0;
}

const char *query_find(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->n; i++)
		if (!strcmp(q->names[i], name))
			return q->values[i];
	return NULL;
}
