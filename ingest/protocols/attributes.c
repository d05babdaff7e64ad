/* attributes - an array on the stack, copied to the arena at the end. */
#include "ingest/protocols/attributes.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

/* Where @name goes, or NULL when there is no room. */
static struct attribute *slot(struct attributes *a, const char *name, enum attribute_type type)
{
	struct attribute *at = a->at;

	while (at < a->at + a->n && strcmp(at->name, name) != 0)
		at++;
	if (at == a->at + a->n) {
		if (a->n == POSITION_ATTRIBUTES_MAX || !*name || strlen(name) > ATTRIBUTE_NAME_MAX)
			return NULL;
		a->n++;
	}
	at->name = name;
	at->type = type;
	return at;
}

void attribute_bool(struct attributes *a, const char *name, bool v)
{
	struct attribute *at = slot(a, name, ATTRIBUTE_BOOL);
	if (at)
		at->boolean = v;
}

void attribute_int(struct attributes *a, const char *name, int64_t v)
{
	struct attribute *at = slot(a, name, ATTRIBUTE_INT);
	if (at)
		at->integer = v;
}

void attribute_real(struct attributes *a, const char *name, double v)
{
	struct attribute *at = isfinite(v) ? slot(a, name, ATTRIBUTE_REAL) : NULL;
	if (at)
		at->real = v;
}

void attribute_text(struct attributes *a, const char *name, const char *text)
{
	size_t n = strlen(text);
	struct attribute *at = n <= ATTRIBUTE_TEXT_MAX && text_is_utf8(text, n) ? slot(a, name, ATTRIBUTE_TEXT) : NULL;
	if (at)
		at->text = text;
}

bool attributes_end(const struct attributes *a, struct position *p, struct arena *arena)
{
	p->attributes = NULL;
	p->attributes_n = a->n;
	if (a->n == 0)
		return true;
	void *to = arena_take(arena, a->n * sizeof *a->at);
	if (!to)
		return false;
	memcpy(to, a->at, a->n * sizeof *a->at);
	p->attributes = to;
	return true;
}
