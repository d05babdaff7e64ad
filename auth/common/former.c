/* former - an array of a few pairs. */
#include "auth/common/former.h"
#include "auth/common/document.h"
#include "auth/common/users.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void former_push(bson_t *update, const char *email, int64_t until_ms)
{
	BCON_APPEND(update, "$push", "{", "former", "{", "$each", "[", "{", "email", BCON_UTF8(email), "until",
		BCON_DATE_TIME(until_ms), "}", "]", "$slice", BCON_INT32(-FORMER_MAX), "}", "}");
}

static bool read_address(const bson_iter_t *i, struct former_address *ret)
{
	const uint8_t *bytes;
	uint32_t len;
	bson_t doc;

	if (!BSON_ITER_HOLDS_DOCUMENT(i))
		return false;
	bson_iter_document(i, &len, &bytes);
	if (!bson_init_static(&doc, bytes, len))
		return false;
	const char *email = document_text(&doc, "email");
	if (!email || strlen(email) >= sizeof ret->email || !document_time(&doc, "until", &ret->until_ms))
		return false;
	strcpy(ret->email, email);
	return true;
}

bool former_read(const bson_t *doc, struct former_addresses *ret)
{
	bson_iter_t top, i;

	ret->n = 0;
	if (!bson_iter_init_find(&top, doc, "former"))
		return true;
	if (!BSON_ITER_HOLDS_ARRAY(&top) || !bson_iter_recurse(&top, &i))
		return false;
	while (ret->n < FORMER_MAX && bson_iter_next(&i))
		if (!read_address(&i, &ret->at[ret->n++]))
			return false;
	return true;
}

void former_append(bson_t *doc, const struct former_addresses *f)
{
	bson_t list, pair;
	char key[24];

	if (f->n == 0)
		return;
	BSON_APPEND_ARRAY_BEGIN(doc, "former", &list);
	for (size_t i = 0; i < f->n; i++) {
		snprintf(key, sizeof key, "%zu", i);
		BSON_APPEND_DOCUMENT_BEGIN(&list, key, &pair);
		BSON_APPEND_UTF8(&pair, "email", f->at[i].email);
		BSON_APPEND_DATE_TIME(&pair, "until", f->at[i].until_ms);
		bson_append_document_end(&list, &pair);
	}
	bson_append_array_end(doc, &list);
}

int former_find(struct store *s, const struct uuid *user, struct former_addresses *ret)
{
	bson_t *filter = BCON_NEW("_id", BCON_UUID(user)), *doc;
	bson_t *options = BCON_NEW("projection", "{", "former", BCON_INT32(1), "}");
	int r = store_find_one(s, USERS_COLLECTION, filter, options, &doc);

	bson_destroy(options);
	bson_destroy(filter);
	ret->n = 0;
	if (r)
		return r == STORE_E_MISSING ? 0 : r;
	bool ok = former_read(doc, ret);
	bson_destroy(doc);
	return ok ? 0 : -EBADMSG;
}
