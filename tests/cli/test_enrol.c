#include "cli/devices.h"
#include "cli/enrol.h"
#include "tests/cli/auth.h"
#include "tests/cli/home.h"
#include "tests/lib/unit.h"

#include <string.h>

static struct auth auth;
static struct session *session;

static void set_up(void)
{
	home_begin();
	ck_assert_int_eq(auth_open(&auth), 0);
	ck_assert_int_eq(session_login(&session, auth.url, "a@example.org", "correct horse battery"), 0);
}

static void tear_down(void)
{
	session_close(session);
	auth_close(&auth);
	home_end();
}

static const struct enrolment wanted[] = { { "Misty", &pets[0] }, { "Bruno", &pets[1] }, { "Tag 7", NULL } };

START_TEST(made_when_they_are_not_there)
{
	struct identities i;

	ck_assert_int_eq(enrol(session, wanted, 3, false, NULL, &i), 0);
	ck_assert_uint_eq(i.n, 3);
	ck_assert_str_eq(i.items[1].identifier, device_text(json_array_get(auth.devices, 1), "identifier"));
	ck_assert_int_eq(strncmp(i.items[1].identifier, "sim-", 4), 0);
	ck_assert_str_eq(i.items[1].secret, "secret-1");
	ck_assert_str_eq(i.items[1].id, device_text(json_array_get(auth.devices, 1), "id"));
	const json_t *pet = json_object_get(json_array_get(auth.devices, 1), "pet");
	ck_assert_str_eq(device_text(pet, "name"), "Bruno");
	ck_assert_str_eq(device_text(pet, "species"), "dog");
	ck_assert(json_is_real(json_object_get(pet, "weight_kg")));
	ck_assert_ptr_null(json_object_get(json_array_get(auth.devices, 2), "pet"));
	identities_free(&i);
}
END_TEST

START_TEST(used_again_when_they_are)
{
	struct identities i;

	ck_assert_int_eq(enrol(session, wanted, 3, false, NULL, &i), 0);
	identities_free(&i);
	ck_assert_int_eq(enrol(session, wanted, 3, false, NULL, &i), 0);
	ck_assert_uint_eq(json_array_size(auth.devices), 3); /* over two pages */
	ck_assert_str_eq(i.items[2].identifier, device_text(json_array_get(auth.devices, 2), "identifier"));
	ck_assert_str_eq(i.items[2].secret, ""); /* not known, and not changed without need */
	ck_assert_str_eq(device_text(json_array_get(auth.devices, 2), "secret"), "secret-2");
	identities_free(&i);
}
END_TEST

START_TEST(a_known_secret_is_kept)
{
	struct identities first, i;

	ck_assert_int_eq(enrol(session, wanted, 3, false, NULL, &first), 0);
	first.items[1].identifier[0] = '\0'; /* another's */
	ck_assert_int_eq(enrol(session, wanted, 3, false, &first, &i), 0);
	ck_assert_str_eq(i.items[0].secret, "secret-0");
	ck_assert_str_eq(i.items[1].secret, "");
	ck_assert_str_eq(i.items[2].secret, "secret-2");
	ck_assert_int_eq(enrol_again(session, &i.items[1]), 0);
	ck_assert_str_eq(i.items[1].secret, "secret-1+");

	ck_assert_int_eq(enrol_again(session, &i.items[2]), 0);
	ck_assert_str_eq(i.items[2].secret, "secret-2+");
	ck_assert_int_eq(devices_remove(session, i.items[2].id), 0);
	ck_assert_int_eq(enrol_again(session, &i.items[2]), SESSION_E_MISSING);
	ck_assert_str_eq(i.items[2].secret, "secret-2+");
	identities_free(&first);
	identities_free(&i);
}
END_TEST

static bool luhn(const char *digits)
{
	int sum = 0;

	for (size_t i = 0; i < 15; i++) {
		int d = (digits[14 - i] - '0') * (i % 2 ? 2 : 1);
		sum += d > 9 ? d - 9 : d;
	}
	return sum % 10 == 0;
}

START_TEST(trackers_with_a_sim)
{
	struct identities i;

	ck_assert_int_eq(enrol(session, wanted, 3, false, NULL, &i), 0);
	identities_free(&i);
	auth.conflicts = 2; /* somebody has that number; another is tried */
	ck_assert_int_eq(enrol(session, wanted, 3, true, NULL, &i), 0);
	ck_assert_uint_eq(json_array_size(auth.devices), 6); /* those of before have no IMEI */
	for (size_t k = 0; k < 3; k++) {
		ck_assert_uint_eq(strlen(i.items[k].identifier), 15);
		ck_assert(luhn(i.items[k].identifier));
	}
	identities_free(&i);
	ck_assert_int_eq(enrol(session, wanted, 3, true, NULL, &i), 0);
	ck_assert_uint_eq(json_array_size(auth.devices), 6);
	identities_free(&i);
}
END_TEST

/* Another player makes the same ones after this one has looked. */
START_TEST(made_by_two_at_once)
{
	struct identities first, i;

	ck_assert_int_eq(enrol(session, wanted, 3, _i, NULL, &first), 0);
	auth.blind = 1;
	ck_assert_int_eq(enrol(session, wanted, 3, _i, NULL, &i), 0);
	ck_assert_uint_eq(json_array_size(auth.devices), 3);
	for (size_t k = 0; k < 3; k++) {
		ck_assert_str_eq(i.items[k].identifier, first.items[k].identifier);
		ck_assert_str_eq(i.items[k].id, first.items[k].id);
	}
	identities_free(&first);
	identities_free(&i);
}
END_TEST

/* The same pets of another account are other devices. */
START_TEST(of_two_accounts)
{
	struct identities first, i;
	struct session *other;

	ck_assert_int_eq(enrol(session, wanted, 3, _i, NULL, &first), 0);
	ck_assert_int_eq(session_login(&other, auth.url, "b@example.org", "correct horse battery"), 0);
	auth.blind = 1;
	ck_assert_int_eq(enrol(other, wanted, 3, _i, NULL, &i), 0);
	ck_assert_uint_eq(json_array_size(auth.devices), 6);
	for (size_t k = 0; k < 3; k++)
		ck_assert_str_ne(i.items[k].identifier, first.items[k].identifier);
	session_close(other);
	identities_free(&first);
	identities_free(&i);
}
END_TEST

START_TEST(what_auth_refuses)
{
	struct identities i = { .n = 77 };

	auth.conflicts = 100;
	ck_assert_int_eq(enrol(session, wanted, 3, true, NULL, &i), SESSION_E_CONFLICT);
	auth.busy = true;
	ck_assert_int_eq(enrol(session, wanted, 3, true, NULL, &i), SESSION_E_RETRY);
	ck_assert_uint_eq(i.n, 77);
}
END_TEST

START_TEST(finding_a_device)
{
	json_t *list, *device = NULL;
	bool several;

	ck_assert_int_eq(devices_add(session, "Misty", "imei-1", NULL, NULL), 0);
	ck_assert_int_eq(devices_add(session, "Misty", NULL, NULL, &device), 0);
	ck_assert_int_eq(devices_add(session, "imei-1", NULL, NULL, NULL), 0);
	ck_assert_int_eq(devices_list(session, &list), 0);
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_ptr_eq(devices_find(list, device_text(device, "id"), &several), json_array_get(list, 1));
	ck_assert_ptr_eq(
		devices_find(list, "imei-1", &several), json_array_get(list, 0)); /* an identifier before a name */
	ck_assert_ptr_null(devices_find(list, "nobody", &several));
	ck_assert(!several);
	ck_assert_ptr_null(devices_find(list, "Misty", &several));
	ck_assert(several);
	json_decref(list);
	ck_assert_int_eq(devices_remove(session, device_text(device, "id")), 0);
	ck_assert_int_eq(devices_remove(session, device_text(device, "id")), SESSION_E_MISSING);
	json_decref(device);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("enrol");
	TCase *c = tcase_create("enrol");

	tcase_set_timeout(c, 30);
	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, made_when_they_are_not_there);
	tcase_add_test(c, used_again_when_they_are);
	tcase_add_test(c, a_known_secret_is_kept);
	tcase_add_test(c, trackers_with_a_sim);
	tcase_add_loop_test(c, made_by_two_at_once, 0, 2);
	tcase_add_loop_test(c, of_two_accounts, 0, 2);
	tcase_add_test(c, what_auth_refuses);
	tcase_add_test(c, finding_a_device);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
