/* report_json - strings are copied, numbers stay where they are. */
#include "ingest/protocols/report_json.h"

struct slice report_json_string(struct jread *j, struct arena *arena)
{
	const char *text = jread_string(j, arena);

	return text ? slice_of(text, strlen(text)) : (struct slice){ 0 };
}

struct slice report_json_value(struct jread *j, struct arena *arena)
{
	bool v;

	switch (jread_type(j)) {
	case JREAD_STRING:
		return report_json_string(j, arena);
	case JREAD_NUMBER:
		return jread_number(j);
	case JREAD_BOOL:
		if (!jread_bool(j, &v))
			return (struct slice){ 0 };
		return v ? slice_of("true", 4) : slice_of("false", 5);
	default:
		jread_skip(j);
		return (struct slice){ 0 };
	}
}

int report_json_time(struct report *r, struct jread *j)
{
	return report_time(r, jread_type(j) == JREAD_STRING ? report_json_string(j, r->arena) : jread_number(j));
}

void report_json_text(struct report *r, const char *name, struct jread *j)
{
	const char *text = jread_string(j, r->arena);

	if (text && *text)
		attribute_text(&r->extra, name, text);
}

void report_json_known(struct report *r, const char *name, struct jread *j)
{
	struct slice v = jread_number(j);

	if (v.n > 0 && v.s[0] != '-')
		report_real(r, name, v);
}

bool report_json_list(struct report *r, struct parts *parts, const char *word, struct jread *j)
{
	bool found = false;

	if (jread_type(j) != JREAD_ARRAY) {
		jread_skip(j);
		return false;
	}
	for (jread_array(j); jread_element(j);) {
		const char *text = jread_string(j, r->arena);
		if (!text || !*text)
			continue;
		parts_alarm(parts, text);
		found = found || !strcmp(text, word);
	}
	return found;
}

void report_json_other(struct report *r, struct slice name, struct jread *j)
{
	struct slice v = report_json_value(j, r->arena);

	if (v.s)
		report_other(r, name, v);
}
