/* forwarded - the way back over proxies. */
#include "base/forwarded.h"

#include <string.h>
#include <strings.h>

enum { ELEMENTS_MAX = 32 }; /* of one line of Forwarded */

struct span {
	const char *at;
	size_t n;
};

void forwarded_add(struct forwarded_lines *l, const char *text, size_t len)
{
	if (l->n < FORWARDED_LINES_MAX) {
		l->lines[l->n].text = text;
		l->lines[l->n].len = len;
	}
	l->n++;
}

/* ---- one hop ---- */

static struct span trimmed(struct span s)
{
	while (s.n > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) {
		s.at++;
		s.n--;
	}
	while (s.n > 0 && (s.at[s.n - 1] == ' ' || s.at[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Without what may stand around an address: quotes, brackets, a port. */
static struct span bare(struct span s)
{
	s = trimmed(s);
	if (s.n >= 2 && s.at[0] == '"' && s.at[s.n - 1] == '"')
		s = (struct span){ s.at + 1, s.n - 2 };
	if (s.n > 0 && s.at[0] == '[') {
		const char *end = memchr(s.at, ']', s.n);
		return (struct span){ s.at + 1, end ? (size_t)(end - s.at) - 1 : 0 };
	}
	const char *colon = memchr(s.at, ':', s.n);
	if (colon && !memchr(colon + 1, ':', s.n - (size_t)(colon - s.at) - 1)) /* more than one: IPv6 */
		s.n = (size_t)(colon - s.at);
	return s;
}

static bool read_address(struct address *ret, struct span s)
{
	char text[ADDRESS_TEXT_SIZE];

	s = bare(s);
	if (s.n == 0 || s.n >= sizeof text || memchr(s.at, '\0', s.n))
		return false;
	memcpy(text, s.at, s.n);
	text[s.n] = '\0';
	return address_parse(ret, text) == 0;
}

/* Goes to whom @s names. Whether the way goes on from there. */
static bool hop(const struct networks *trusted, struct address *at, struct span s)
{
	return read_address(at, s) && networks_have(trusted, at);
}

/* ---- X-Forwarded-For: address, address ---- */

static bool walk_list(const struct networks *trusted, struct address *at, struct span line)
{
	for (;;) {
		const char *comma = memrchr(line.at, ',', line.n);
		const char *last = comma ? comma + 1 : line.at;
		if (!hop(trusted, at, (struct span){ last, line.n - (size_t)(last - line.at) }))
			return false;
		if (!comma)
			return true;
		line.n = (size_t)(comma - line.at);
	}
}

/* ---- Forwarded: for=address;by=..., for="[address]:port" ---- */

/* What precedes @mark outside of quotes, cut off *s together with it; false where a quote is not closed. */
static bool cut(struct span *s, char mark, struct span *ret)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < s->n && (quoted || s->at[i] != mark); i++) {
		if (s->at[i] == '"')
			quoted = !quoted;
		else if (quoted && s->at[i] == '\\')
			i++;
	}
	if (quoted || i > s->n)
		return false;
	*ret = (struct span){ s->at, i };
	i += i < s->n;
	*s = (struct span){ s->at + i, s->n - i };
	return true;
}

/* The value of the parameter "for"; empty where there is none. */
static struct span find_for(struct span element)
{
	static const char name[] = "for=";
	struct span pair;

	while (element.n > 0 && cut(&element, ';', &pair)) {
		pair = trimmed(pair);
		if (pair.n >= sizeof name - 1 && !strncasecmp(pair.at, name, sizeof name - 1))
			return (struct span){ pair.at + sizeof name - 1, pair.n - (sizeof name - 1) };
	}
	return (struct span){ "", 0 };
}

/* The whole line is read before any of it counts: a quote that a client left open would hide what its proxy added. */
static bool walk_elements(const struct networks *trusted, struct address *at, struct span line)
{
	struct span elements[ELEMENTS_MAX];
	size_t n = 0;

	while (line.n > 0) {
		if (n == ELEMENTS_MAX || !cut(&line, ',', &elements[n]))
			return false;
		n++;
	}
	while (n > 0)
		if (!hop(trusted, at, find_for(elements[--n])))
			return false;
	return true;
}

/* ---- both ---- */

typedef bool (*walker)(const struct networks *trusted, struct address *at, struct span line);

static struct address walk(const struct networks *trusted, const struct address *peer,
	const struct forwarded_lines *lines, walker walk_line)
{
	struct address at = *peer;
	bool on = lines->n <= FORWARDED_LINES_MAX;

	for (size_t i = lines->n; on && i > 0; i--)
		on = walk_line(trusted, &at, (struct span){ lines->lines[i - 1].text, lines->lines[i - 1].len });
	return at;
}

struct address forwarded_client(const struct networks *trusted, const struct address *peer,
	const struct forwarded_lines *x_forwarded_for, const struct forwarded_lines *forwarded)
{
	if (!networks_have(trusted, peer))
		return *peer;
	struct address list = walk(trusted, peer, x_forwarded_for, walk_list);
	struct address elements = walk(trusted, peer, forwarded, walk_elements);
	if (forwarded->n == 0)
		return list;
	if (x_forwarded_for->n == 0)
		return elements;
	return memcmp(&list, &elements, sizeof list) == 0 ? list : *peer;
}
