#include "auth/authentication/refresh.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

static const uint8_t key[crypto_generichash_KEYBYTES] = "the key that marks our tokens";
static const uint8_t other_key[crypto_generichash_KEYBYTES] = "the key of another installation";
static const struct uuid session = { { 0xAB, 0xCD } };

/* ---- tokens ---- */

START_TEST(token_goes_out_and_in)
{
	struct refresh_token t, got;
	char text[REFRESH_TEXT_SIZE];

	refresh_make(&t, &session, key);
	refresh_text(&t, text);
	ck_assert_int_eq(refresh_read(&got, text, strlen(text), key), 0);
	ck_assert(uuid_same(&got.session, &session));
	ck_assert_int_eq(memcmp(got.hash, t.hash, sizeof t.hash), 0);
	refresh_make(&got, &session, key);
	ck_assert_int_ne(memcmp(got.hash, t.hash, sizeof t.hash), 0);
}
END_TEST

/* None but ours is read: no other bit, length or key. */
START_TEST(forged_tokens_are_refused)
{
	struct refresh_token t, got;
	char text[REFRESH_TEXT_SIZE + 8];

	refresh_make(&t, &session, key);
	refresh_text(&t, text);
	size_t n = strlen(text);
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 7; bit++) {
			text[i] = (char)(text[i] ^ 1 << bit);
			ck_assert_int_eq(refresh_read(&got, text, n, key), -EINVAL);
			text[i] = (char)(text[i] ^ 1 << bit);
		}
	for (size_t cut = 0; cut < n; cut++)
		ck_assert_int_ne(refresh_read(&got, text, cut, key), 0);
	strcpy(text + n, "AAAA");
	ck_assert_int_ne(refresh_read(&got, text, n + 4, key), 0);
	ck_assert_int_eq(refresh_read(&got, text, n, other_key), -EINVAL);
	ck_assert_int_eq(refresh_read(&got, text, n, key), 0);
}
END_TEST

START_TEST(only_the_token_opens_its_box)
{
	struct refresh_token first, next, other, got;
	uint8_t box[REFRESH_BOX_SIZE], again[REFRESH_BOX_SIZE];

	refresh_make(&first, &session, key);
	refresh_make(&next, &session, key);
	refresh_make(&other, &session, key);
	refresh_box(&first, &next, box);
	refresh_box(&first, &next, again);
	ck_assert_int_ne(memcmp(box, again, sizeof box), 0);
	ck_assert_int_eq(refresh_unbox(&got, &first, box), 0);
	ck_assert_int_eq(memcmp(got.bytes, next.bytes, sizeof next.bytes), 0);
	ck_assert_int_eq(memcmp(got.hash, next.hash, sizeof next.hash), 0);
	ck_assert(uuid_same(&got.session, &session));
	ck_assert_int_eq(refresh_unbox(&got, &other, box), -EINVAL);
	ck_assert_int_eq(refresh_unbox(&got, &next, box), -EINVAL);
	box[REFRESH_BOX_SIZE - 1] ^= 1;
	ck_assert_int_eq(refresh_unbox(&got, &first, box), -EINVAL);
}
END_TEST

/* ---- families ---- */

enum { NOW = 1000000, GRACE = 30000, ROTATED = NOW - GRACE };
enum which { CURRENT, PREVIOUS, OLDER };

static const struct {
	const char *what;
	enum which shown;
	bool revoked, no_previous;
	int64_t expires_ms, rotated_ms;
	enum family_verdict verdict;
} rows[] = {
	{ "the current token", CURRENT, false, false, NOW + 1, ROTATED, FAMILY_ROTATE },
	{ "the first token of all", CURRENT, false, true, NOW + 1, ROTATED, FAMILY_ROTATE },
	{ "the current token, long unused", CURRENT, false, false, NOW + 1, 0, FAMILY_ROTATE },
	{ "the previous token, at the grace's end", PREVIOUS, false, false, NOW + 1, ROTATED, FAMILY_REPEAT },
	{ "the previous token, at once", PREVIOUS, false, false, NOW + 1, NOW, FAMILY_REPEAT },
	{ "the previous token, by a clock behind", PREVIOUS, false, false, NOW + 1, NOW + 500, FAMILY_REPEAT },
	{ "the previous token, after the grace", PREVIOUS, false, false, NOW + 1, ROTATED - 1, FAMILY_REUSED },
	{ "an older token, within the grace", OLDER, false, false, NOW + 1, NOW, FAMILY_REUSED },
	{ "an older token, after the grace", OLDER, false, false, NOW + 1, 0, FAMILY_REUSED },
	{ "nothing previous", PREVIOUS, false, true, NOW + 1, NOW, FAMILY_REUSED },
	{ "the current token, over", CURRENT, false, false, NOW, ROTATED, FAMILY_ENDED },
	{ "the previous token, over", PREVIOUS, false, false, NOW, NOW, FAMILY_ENDED },
	{ "an older token, over", OLDER, false, false, NOW, NOW, FAMILY_ENDED },
	{ "the current token, revoked", CURRENT, true, false, NOW + 1, ROTATED, FAMILY_ENDED },
	{ "an older token, revoked", OLDER, true, false, NOW + 1, ROTATED, FAMILY_ENDED },
};

START_TEST(judgement)
{
	const uint8_t shown[3][SHA256_SIZE] = { [CURRENT] = { 1 }, [PREVIOUS] = { 2 }, [OLDER] = { 3 } };
	struct family f = { .revoked = rows[_i].revoked,
		.expires_ms = rows[_i].expires_ms,
		.rotated_ms = rows[_i].rotated_ms,
		.has_previous = !rows[_i].no_previous };

	memcpy(f.current, shown[CURRENT], SHA256_SIZE);
	if (f.has_previous)
		memcpy(f.previous, shown[PREVIOUS], SHA256_SIZE);
	ck_assert_msg(family_judge(&f, shown[rows[_i].shown], NOW, GRACE) == rows[_i].verdict, "%s", rows[_i].what);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/authentication/refresh");
	TCase *t = tcase_create("refresh");

	tcase_add_test(t, token_goes_out_and_in);
	tcase_add_test(t, forged_tokens_are_refused);
	tcase_add_test(t, only_the_token_opens_its_box);
	tcase_add_loop_test(t, judgement, 0, (int)(sizeof rows / sizeof *rows));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
