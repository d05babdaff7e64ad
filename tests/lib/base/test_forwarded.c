#include "base/forwarded.h"
#include "tests/lib/unit.h"

#include <string.h>

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))
#define PROXY "10.0.0.1"
#define IPV6_PROXY "2001:db8:aaaa::1"
#define CLIENT "203.0.113.7"

/* Lines are parted by "|". */
static const struct {
	const char *peer, *list, *elements, *client;
} rows[] = {
	/* nothing is said */
	{ PROXY, "", "", PROXY },
	{ CLIENT, "", "", CLIENT },

	/* a peer that is not trusted says what it likes */
	{ CLIENT, "198.51.100.1", "", CLIENT },
	{ CLIENT, "", "for=198.51.100.1", CLIENT },
	{ CLIENT, PROXY, "", CLIENT },

	/* X-Forwarded-For: the last that is not trusted */
	{ PROXY, CLIENT, "", CLIENT },
	{ PROXY, "198.51.100.1, " CLIENT, "", CLIENT },
	{ PROXY, "198.51.100.1," CLIENT ", 10.0.0.2,10.9.9.9", "", CLIENT },
	{ PROXY, "10.0.0.3, " CLIENT, "", CLIENT },
	{ PROXY, "10.0.0.3, 10.0.0.2", "", "10.0.0.3" }, /* all of them ours: who began */
	{ IPV6_PROXY, "2001:db8:1::1", "", "2001:db8:1::1" },
	{ "::ffff:" PROXY, "::ffff:" CLIENT, "", CLIENT },

	/* in lines of its own: the last line is the proxy's */
	{ PROXY, "198.51.100.1|" CLIENT, "", CLIENT },
	{ PROXY, CLIENT "|10.0.0.2", "", CLIENT },
	{ PROXY, CLIENT "|", "", PROXY },

	/* with a port, as some write it */
	{ PROXY, CLIENT ":40000", "", CLIENT },
	{ PROXY, "[2001:db8:1::1]:40000", "", "2001:db8:1::1" },
	{ PROXY, "[2001:db8:1::1]", "", "2001:db8:1::1" },

	/* what is no address: the proxy that could not say */
	{ PROXY, "unknown", "", PROXY },
	{ PROXY, CLIENT ", unknown, 10.0.0.2", "", "10.0.0.2" },
	{ PROXY, CLIENT ",", "", PROXY },
	{ PROXY, ",", "", PROXY },
	{ PROXY, "[", "", PROXY },
	{ PROXY, "\"", "", PROXY },
	{ PROXY, "203.0.113.7.8", "", PROXY },
	{ PROXY, "1111111111111111111111111111111111111111111111111111111111111111", "", PROXY },

	/* Forwarded, RFC 7239 section 4 */
	{ PROXY, "", "for=" CLIENT, CLIENT },
	{ PROXY, "", "For=\"[2001:db8:1::17]:4711\"", "2001:db8:1::17" },
	{ PROXY, "", "for=" CLIENT ";proto=http;by=203.0.113.43", CLIENT },
	{ PROXY, "", "proto=http; for=" CLIENT, CLIENT },
	{ PROXY, "", "for=192.0.2.43, for=" CLIENT, CLIENT },
	{ PROXY, "", "for=192.0.2.43, for=" CLIENT ", for=10.0.0.2", CLIENT },
	{ PROXY, "", "for=192.0.2.43|for=" CLIENT, CLIENT },
	{ PROXY, "", "for=unknown", PROXY },
	{ PROXY, "", "for=" CLIENT ", for=_hidden", PROXY },
	{ PROXY, "", "for=" CLIENT ", for=_hidden, for=10.0.0.2", "10.0.0.2" },
	{ PROXY, "", "by=" CLIENT, PROXY },
	{ PROXY, "", "host=\"a,b\";for=" CLIENT, CLIENT },
	{ PROXY, "", "host=\"a;for=198.51.100.1\";for=" CLIENT, CLIENT },

	/* a quote that the client left open must not hide what its proxy added */
	{ PROXY, "", "for=198.51.100.1;x=\", for=" CLIENT, PROXY },
	{ PROXY, "", "for=198.51.100.1;x=\", for=\"[2001:db8:1::1]\"", PROXY },
	{ PROXY, "", "x=\"\\, for=" CLIENT, PROXY },
	{ PROXY, "", "x=\"\\", PROXY },

	/* both: only where they agree */
	{ PROXY, CLIENT, "for=" CLIENT, CLIENT },
	{ PROXY, CLIENT, "for=198.51.100.1", PROXY },
	{ PROXY, "198.51.100.1", "for=" CLIENT, PROXY },
};

static struct forwarded_lines split(const char *text)
{
	struct forwarded_lines l = { .n = 0 };

	while (*text) {
		size_t n = strcspn(text, "|");
		forwarded_add(&l, text, n);
		text += n;
		if (*text == '|' && *++text == '\0')
			forwarded_add(&l, text, 0);
	}
	return l;
}

static void client_of(
	const char *peer, const struct forwarded_lines *list, const struct forwarded_lines *elements, char *out)
{
	struct networks trusted;
	struct address from;

	ck_assert_int_eq(networks_parse(&trusted, "10.0.0.0/8," IPV6_PROXY), 0);
	ck_assert_int_eq(address_parse(&from, peer), 0);
	struct address a = forwarded_client(&trusted, &from, list, elements);
	address_format(out, &a);
}

START_TEST(the_client_is_found)
{
	struct forwarded_lines list = split(rows[_i].list), elements = split(rows[_i].elements);
	char found[ADDRESS_TEXT_SIZE];

	client_of(rows[_i].peer, &list, &elements, found);
	ck_assert_msg(strcmp(found, rows[_i].client) == 0, "%s [%s] [%s]: %s", rows[_i].peer, rows[_i].list,
		rows[_i].elements, found);
}
END_TEST

START_TEST(more_lines_than_are_read_say_nothing)
{
	struct forwarded_lines list = { .n = 0 }, none = { .n = 0 };
	char found[ADDRESS_TEXT_SIZE];

	for (int i = 0; i < FORWARDED_LINES_MAX; i++)
		forwarded_add(&list, CLIENT, strlen(CLIENT));
	client_of(PROXY, &list, &none, found);
	ck_assert_str_eq(found, CLIENT);
	forwarded_add(&list, CLIENT, strlen(CLIENT));
	client_of(PROXY, &list, &none, found);
	ck_assert_str_eq(found, PROXY);
}
END_TEST

/* A long way over trusted proxies ends as well. */
START_TEST(many_elements_say_nothing)
{
	char text[4096] = "for=" CLIENT;
	struct forwarded_lines elements = { .n = 0 }, none = { .n = 0 };
	char found[ADDRESS_TEXT_SIZE];

	for (int i = 0; i < 100; i++)
		strcat(text, ",for=10.0.0.2");
	forwarded_add(&elements, text, strlen(text));
	client_of(PROXY, &none, &elements, found);
	ck_assert_str_eq(found, PROXY);
	client_of(PROXY, &elements, &none, found); /* nor is it a list of addresses */
	ck_assert_str_eq(found, PROXY);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/forwarded");
	TCase *t = tcase_create("forwarded");

	tcase_add_loop_test(t, the_client_is_found, 0, LENGTH(rows));
	tcase_add_test(t, more_lines_than_are_read_say_nothing);
	tcase_add_test(t, many_elements_say_nothing);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
