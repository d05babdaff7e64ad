/* claim - the code of a tracker that is nobody's yet. */
#include "auth/devices/device.h"
#include "auth/devices/unknown.h"
#include "base/clock.h"
#include "service/log.h"

#include <errno.h>
#include <string.h>

/* Takes the same time whichever characters differ. */
static bool same_code(const char *stored, const char *given)
{
	char padded[CODE_LENGTH] = { 0 };
	size_t n = strlen(given);

	memcpy(padded, given, n < sizeof padded ? n : sizeof padded);
	return text_same_secret(stored, padded, sizeof padded) && n == sizeof padded;
}

/* Another in place of @code, unless somebody was faster. */
static int renew_code(struct store *s, const char *identifier, const char *code)
{
	char next[CODE_LENGTH + 1];

	easy_text_make(next, CODE_LENGTH);
	bson_t *filter = BCON_NEW("_id", BCON_UTF8(identifier), "code", BCON_UTF8(code));
	bson_t *update = BCON_NEW("$set", "{", "code", BCON_UTF8(next), "guesses", BCON_INT32(0), "}");
	int r = store_update_one(s, UNKNOWN_COLLECTION, filter, update, false);
	bson_destroy(update);
	bson_destroy(filter);
	return r == STORE_E_MISSING ? 0 : r;
}

/* Judges the guess that @doc has counted already. */
static int judge(struct store *s, const bson_t *doc, const char *identifier, const char *code, bool *ret_right)
{
	const char *stored = document_text(doc, "code");
	int64_t guesses;

	if (!stored || strlen(stored) != CODE_LENGTH || !document_int(doc, "guesses", &guesses))
		return -EBADMSG;
	bool right = guesses <= GUESSES_MAX && same_code(stored, code);
	int r = !right && guesses >= GUESSES_MAX ? renew_code(s, identifier, stored) : 0;
	if (r == 0)
		*ret_right = right;
	return r;
}

/* Counted first and judged then: however many guess at once, GUESSES_MAX of them are compared with one code. */
int unknown_check_code(struct store *s, const char *identifier, const char *code, bool *ret_right)
{
	bson_t *filter =
		BCON_NEW("_id", BCON_UTF8(identifier), "expires", "{", "$gt", BCON_DATE_TIME(clock_real_ms()), "}");
	bson_t *update = BCON_NEW("$inc", "{", "guesses", BCON_INT32(1), "}");
	bson_t *doc;
	int r = store_find_and_modify(s, UNKNOWN_COLLECTION, filter, update, true, &doc);

	bson_destroy(update);
	bson_destroy(filter);
	if (r == STORE_E_MISSING) {
		*ret_right = false;
		return 0;
	}
	if (r)
		return r;
	r = judge(s, doc, identifier, code, ret_right);
	bson_destroy(doc);
	return r;
}

void unknown_forget(struct store *s, const char *identifier)
{
	bson_t *filter = BCON_NEW("_id", BCON_UTF8(identifier));
	int r = store_delete_one(s, UNKNOWN_COLLECTION, filter);

	if (r && r != STORE_E_MISSING)
		log_debug("identifier stays listed as unknown", LOG_I("result", r));
	bson_destroy(filter);
}
