/* owntracks_friends - a card and a location for each member. */
#include "ingest/protocols/owntracks_friends.h"

#include "base/text.h"

#include <math.h>

/* ---- tracker ids ---- */

enum { ALPHABET = 36, TIDS = ALPHABET * ALPHABET, LETTERS_MAX = 32 };

static const char alphabet[ALPHABET + 1] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* A tid is a number of two digits in this alphabet. */
struct tids {
	bool taken[TIDS];
};

/* -1: not in the alphabet. */
static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : -1;
}

static size_t digits_of(int out[static LETTERS_MAX], const char *name)
{
	size_t n = 0;

	for (; *name && n < LETTERS_MAX; name++)
		if (digit_of(*name) >= 0)
			out[n++] = digit_of(*name);
	return n;
}

/* The first letter of the name and one of the others; else the next that is free, from its first letter on, or from where
 * the id says for a name that has none. */
static int choose_tid(const struct tids *t, const struct protocol_member *m)
{
	const uint8_t *id = m->position.device.b;
	int digits[LETTERS_MAX];
	size_t n = digits_of(digits, m->name);

	for (size_t i = 1; i < n; i++)
		if (!t->taken[digits[0] * ALPHABET + digits[i]])
			return digits[0] * ALPHABET + digits[i];
	int tid = n > 0 ? digits[0] * ALPHABET : (id[0] << 8 | id[1]) % TIDS;
	for (int tries = 0; t->taken[tid] && tries < TIDS; tries++)
		tid = (tid + 1) % TIDS;
	return tid;
}

/* ---- messages ---- */

static void put_head(struct text *t, const char *type, int tid)
{
	text_puts(t, "{\"_type\":\"");
	text_puts(t, type);
	text_puts(t, "\",\"tid\":\"");
	text_putc(t, alphabet[tid / ALPHABET]);
	text_putc(t, alphabet[tid % ALPHABET]);
	text_putc(t, '"');
}

static void put_tail(struct text *t, const struct uuid *device)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(id, device);
	text_puts(t, ",\"topic\":\"owntracks/pettrack/");
	text_puts(t, id);
	text_puts(t, "\"}");
}

static void put_card(struct text *t, const struct protocol_member *m, int tid)
{
	put_head(t, "card", tid);
	text_puts(t, ",\"name\":");
	text_json(t, m->name, strlen(m->name));
	put_tail(t, &m->position.device);
}

static void put_whole(struct text *t, const struct position *p, uint32_t field, const char *name, float v)
{
	if (!position_has(p, field))
		return;
	text_puts(t, name);
	text_int(t, lroundf(v));
}

static void put_location(struct text *t, const struct position *p, int tid)
{
	put_head(t, "location", tid);
	text_puts(t, ",\"tst\":");
	text_int(t, p->time_ms / 1000);
	text_puts(t, ",\"lat\":");
	text_e7(t, p->lat_e7);
	text_puts(t, ",\"lon\":");
	text_e7(t, p->lon_e7);
	put_whole(t, p, POSITION_ACCURACY, ",\"acc\":", p->accuracy_m);
	put_whole(t, p, POSITION_ALTITUDE, ",\"alt\":", p->altitude_m);
	put_whole(t, p, POSITION_BATTERY, ",\"batt\":", p->battery_pct);
	put_whole(t, p, POSITION_SPEED, ",\"vel\":", p->speed_mps * 3.6F);
	put_whole(t, p, POSITION_COURSE, ",\"cog\":", p->course_deg < 359.5F ? p->course_deg : 0);
	put_tail(t, &p->device);
}

/* Appends both messages of @m, after @before, or where they do not fit nothing. Returns whether they did. */
static bool put_friend(struct text *t, const char *before, const struct protocol_member *m, int tid)
{
	struct text longer = *t;

	text_puts(&longer, before);
	put_card(&longer, m, tid);
	text_putc(&longer, ',');
	put_location(&longer, &m->position, tid);
	if (text_ok(&longer))
		*t = longer;
	return text_ok(&longer);
}

void owntracks_friends(char *out, size_t size, const struct protocol_company *company)
{
	struct text t = text_in(out, size - 1); /* the bracket at the end has its place */
	struct tids tids = { 0 };
	const char *before = "";

	text_putc(&t, '[');
	for (size_t i = 0; i < company->n; i++) {
		const struct protocol_member *m = &company->members[i];
		int tid = choose_tid(&tids, m);
		tids.taken[tid] = true;
		if (!uuid_same(&m->position.device, &company->self) && put_friend(&t, before, m, tid))
			before = ",";
	}
	t.size++;
	text_putc(&t, ']');
}
