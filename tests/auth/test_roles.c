#include "auth/roles.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;
	unsigned roles; /* 0: refused */
} rows[] = {
	{ "registration", ROLE_REGISTRATION },
	{ "authentication", ROLE_AUTHENTICATION },
	{ "devices", ROLE_DEVICES },
	{ "devices,registration", ROLE_DEVICES | ROLE_REGISTRATION },
	{ "registration,authentication,devices", ROLE_DEVICES | ROLE_REGISTRATION | ROLE_AUTHENTICATION },
	{ "devices,devices", ROLE_DEVICES },
	{ "", 0 },
	{ ",", 0 },
	{ "devices,", 0 },
	{ "device", 0 },
	{ "devices registration", 0 },
	{ "Devices", 0 },
};

START_TEST(setting)
{
	unsigned roles = 77;

	ck_assert_int_eq(roles_setting(rows[_i].text, &roles, 0, 0) == NULL, rows[_i].roles != 0);
	ck_assert_uint_eq(roles, rows[_i].roles ? rows[_i].roles : 77);
}
END_TEST

static size_t count(unsigned roles, struct role_routes *r)
{
	size_t n = 0;

	roles_routes(roles, r);
	while (r->routes[n].method)
		n++;
	return n;
}

/* Each role serves its own routes, and together they serve the sum: no route has two roles. */
START_TEST(routes_are_apart)
{
	static struct role_routes one[ROLES_MAX], all;
	const unsigned roles[ROLES_MAX] = { ROLE_REGISTRATION, ROLE_AUTHENTICATION, ROLE_DEVICES };
	size_t n[ROLES_MAX], sum = 0;

	for (int i = 0; i < ROLES_MAX; i++) {
		n[i] = count(roles[i], &one[i]);
		ck_assert_uint_gt(n[i], 0);
		sum += n[i];
	}
	ck_assert_uint_eq(count(roles[0] | roles[1] | roles[2], &all), sum);
	for (size_t i = 0; i < sum; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert(strcmp(all.routes[i].path, all.routes[j].path) != 0 ||
				  strcmp(all.routes[i].method, all.routes[j].method) != 0);
}
END_TEST

/* What is for services names its scope, and stands where the world is not let in; all else is for people. A scope is one of people's
 * or of services', never both: a limited token of a person must not pass for a module's. */
START_TEST(internal_routes_need_a_scope)
{
	static struct role_routes all;
	size_t n = count(ROLE_REGISTRATION | ROLE_AUTHENTICATION | ROLE_DEVICES, &all);

	for (size_t i = 0; i < n; i++) {
		const struct web_route *r = &all.routes[i];
		bool internal = !strncmp(r->path, "/internal/", 10);
		ck_assert_int_eq(internal, r->access == WEB_SERVICE);
		if (internal)
			ck_assert_ptr_nonnull(r->scope);
		for (size_t j = 0; j < n && r->scope; j++)
			if (all.routes[j].scope && !strcmp(r->scope, all.routes[j].scope))
				ck_assert_int_eq(r->access, all.routes[j].access);
	}
}
END_TEST

START_TEST(lists)
{
	struct role_lists l;

	roles_lists(ROLE_REGISTRATION, &l);
	ck_assert(l.prepare[0] != NULL);
	ck_assert(l.prepare[3] != NULL);
	ck_assert(l.prepare[4] == NULL);
	ck_assert_str_eq(l.sources[0]->collection, "sessions");
	roles_lists(ROLE_REGISTRATION | ROLE_AUTHENTICATION | ROLE_DEVICES, &l);
	ck_assert(l.prepare[6] == NULL);
	ck_assert_str_eq(l.sources[0]->collection, "sessions");
	ck_assert_str_eq(l.sources[1]->collection, "access_tokens");
	ck_assert_str_eq(l.sources[2]->collection, "key_changes");
	ck_assert_str_eq(l.sources[3]->collection, "devices");
	ck_assert_str_eq(l.sources[4]->collection, "grants");
	ck_assert_str_eq(l.sources[5]->collection, "share_links");
	ck_assert_ptr_null(l.sources[6]);
}
END_TEST

/* Whoever's account ends is erased by every role, each of which has something of it. */
START_TEST(every_role_erases)
{
	struct role_lists l;

	roles_lists(ROLE_REGISTRATION | ROLE_AUTHENTICATION | ROLE_DEVICES, &l);
	for (size_t i = 0; i < ROLES_MAX; i++) {
		ck_assert_str_eq(l.erase[i].name, erasure_roles[i]);
		ck_assert_ptr_nonnull(l.erase[i].parts[0].collection);
	}
	ck_assert_ptr_null(l.erase[ROLES_MAX].name);
	ck_assert_str_eq(erasure_roles[ROLES_MAX], "positions");
	roles_lists(ROLE_DEVICES, &l);
	ck_assert_str_eq(l.erase[0].name, "devices");
	ck_assert_ptr_null(l.erase[1].name);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/roles");
	TCase *t = tcase_create("roles");

	tcase_add_loop_test(t, setting, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(t, routes_are_apart);
	tcase_add_test(t, internal_routes_need_a_scope);
	tcase_add_test(t, lists);
	tcase_add_test(t, every_role_erases);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
