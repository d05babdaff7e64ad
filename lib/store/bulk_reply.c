/* bulk_reply - sorting what one bulk command was answered with. */
#include "store/bulk_reply.h"
#include "store/errors.h"

#include <errno.h>

struct document_fault {
	int64_t index, code;
	const char *message;
};

static struct document_fault read_fault(const bson_iter_t *entry)
{
	struct document_fault f = { .index = -1, .message = "" };
	bson_iter_t i;

	if (!BSON_ITER_HOLDS_DOCUMENT(entry) || !bson_iter_recurse(entry, &i))
		return f;
	while (bson_iter_next(&i)) {
		if (BSON_ITER_IS_KEY(&i, "index"))
			f.index = bson_iter_as_int64(&i);
		else if (BSON_ITER_IS_KEY(&i, "code"))
			f.code = bson_iter_as_int64(&i);
		else if (BSON_ITER_IS_KEY(&i, "errmsg") && BSON_ITER_HOLDS_UTF8(&i))
			f.message = bson_iter_utf8(&i, NULL);
	}
	return f;
}

/* Positions @ret before the first of @reply's writeErrors. */
static bool find_faults(const bson_t *reply, bson_iter_t *ret)
{
	bson_iter_t i;

	return bson_iter_init_find(&i, reply, "writeErrors") && BSON_ITER_HOLDS_ARRAY(&i) && bson_iter_recurse(&i, ret);
}

/* 0 when each refused document is a duplicate or poison, else what the whole part must be answered with. */
static int check_faults(const bson_t *reply, size_t sent, size_t *ret_n)
{
	char text[200];
	bson_iter_t i;
	size_t n = 0;

	*ret_n = 0;
	if (!find_faults(reply, &i))
		return 0;
	for (; bson_iter_next(&i); n++) {
		struct document_fault f = read_fault(&i);
		int r = store_document_meaning(f.code);
		if (f.index < 0 || (size_t)f.index >= sent)
			return store_fail_as(-EPROTO, "MongoDB refused a document that was not sent");
		if (r != STORE_E_DUPLICATE && r != STORE_E_POISON)
			return store_fail_as(r, store_redact(text, sizeof text, f.message));
	}
	*ret_n = n;
	return 0;
}

int store_bulk_judge(const bson_t *reply, bool ok, const bson_error_t *error, size_t sent, bool inserts)
{
	size_t refused = 0;
	int r = check_faults(reply, sent, &refused);

	if (r == 0)
		r = store_outcome(ok || refused > 0, reply, error);
	if (r == 0 && inserts && (size_t)store_reply_count(reply, "nInserted") + refused != sent)
		r = store_fail_as(STORE_E_RETRY, "MongoDB did not answer for every document");
	/* The documents were checked one by one when they were added: this is not about any of them. */
	return r == STORE_E_POISON || r == STORE_E_DUPLICATE ? -EPROTO : r;
}

void store_bulk_report(const bson_t *reply, size_t first, store_bulk_fault fault, void *owner)
{
	char text[200];
	bson_iter_t i;

	if (!find_faults(reply, &i))
		return;
	while (bson_iter_next(&i)) {
		struct document_fault f = read_fault(&i);
		fault(owner, first + (size_t)f.index, store_document_meaning(f.code),
			store_redact(text, sizeof text, f.message));
	}
}
