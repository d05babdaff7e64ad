/* cursor - reading many documents, one at a time; its client is lent for as long. */
#include "store/internal.h"

#include <errno.h>
#include <stdlib.h>

struct store_cursor {
	struct loan loan;
	mongoc_cursor_t *cursor;
};

/* Reading stores nothing: what the server may say of a document to be written is a wrong command here. */
static int read_failure(const bson_error_t *error)
{
	int r = store_fail(error);

	return r > 0 && r != STORE_E_RETRY ? -EPROTO : r;
}

int store_find(
	struct store *s, const char *collection, const bson_t *filter, const bson_t *options, struct store_cursor **ret)
{
	struct store_cursor *c = calloc(1, sizeof *c);
	bson_error_t error;

	if (!c)
		return -ENOMEM;
	int r = store_borrow(&c->loan, s, collection);
	if (r) {
		free(c);
		return r;
	}
	c->cursor = mongoc_collection_find_with_opts(c->loan.collection, filter, options, NULL);
	if (mongoc_cursor_error(c->cursor, &error)) { /* options that make no sense; nothing was sent yet */
		r = read_failure(&error);
		store_cursor_close(c);
		return r;
	}
	*ret = c;
	return 0;
}

int store_next(struct store_cursor *c, const bson_t **ret)
{
	bson_error_t error;

	if (mongoc_cursor_next(c->cursor, ret))
		return 0;
	return mongoc_cursor_error(c->cursor, &error) ? read_failure(&error) : STORE_E_MISSING;
}

void store_cursor_close(struct store_cursor *c)
{
	if (!c)
		return;
	mongoc_cursor_destroy(c->cursor);
	store_give_back(&c->loan);
	free(c);
}
