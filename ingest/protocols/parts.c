/* parts - each is written apart and then joined, so that none is cut. */
#include "ingest/protocols/parts.h"

#include "base/text.h"

#include <string.h>

enum { PART_MAX = 96 };

static void join(struct parts *p, char separator, const char *part, size_t n)
{
	bool first = p->n == 0;

	if (n == 0 || n + !first > ATTRIBUTE_TEXT_MAX - p->n)
		return;
	if (!first)
		p->text[p->n++] = separator;
	memcpy(p->text + p->n, part, n);
	p->n += n;
	p->text[p->n] = '\0';
}

void parts_alarm(struct parts *p, const char *name)
{
	join(p, ',', name, strlen(name));
}

void parts_cell(struct parts *p, const struct parts_cell *cell)
{
	char buf[PART_MAX];
	struct text t = text_in(buf, sizeof buf);

	text_printf(&t, "%u,%u,%u,%llu", cell->mcc, cell->mnc, cell->lac, (unsigned long long)cell->cid);
	if (cell->has_rssi)
		text_printf(&t, ",%lld", (long long)cell->rssi);
	join(p, ';', t.buf, t.len);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

void parts_wifi(struct parts *p, struct slice mac, const int64_t *rssi)
{
	char buf[PART_MAX];
	struct text t = text_in(buf, sizeof buf);
	size_t digits = 0;

	for (size_t i = 0; i < mac.n; i++) {
		char c = mac.s[i];
		bool between = digits > 0 && digits % 2 == 0 && digits < 12;
		if (between && (c == ':' || c == '-') && i + 1 < mac.n && is_hex(mac.s[i + 1]))
			c = mac.s[++i];
		if (!is_hex(c) || digits == 12)
			return;
		if (between)
			text_putc(&t, ':');
		text_putc(&t, (char)(c >= 'A' && c <= 'F' ? c | 0x20 : c));
		digits++;
	}
	if (digits != 12)
		return;
	if (rssi)
		text_printf(&t, ",%lld", (long long)*rssi);
	join(p, ';', t.buf, t.len);
}

void parts_end(const struct parts *p, const char *name, struct attributes *a, struct arena *arena)
{
	const char *copy = p->n > 0 ? arena_text(arena, p->text, p->n) : NULL;

	if (copy)
		attribute_text(a, name, copy);
}
