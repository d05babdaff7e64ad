/* index - over store_index_ensure(). */
#include "store/index.h"

/* @keys and @options are destroyed. */
static int ensure(struct store *s, const char *collection, bson_t *keys, bson_t *options)
{
	int r = store_index_ensure(s, collection, keys, options);

	bson_destroy(options);
	bson_destroy(keys);
	return r;
}

int index_ensure(struct store *s, const char *collection, const char *name, bson_t *keys, unsigned flags)
{
	bson_t *options = BCON_NEW("name", BCON_UTF8(name));

	if (flags & INDEX_UNIQUE)
		BSON_APPEND_BOOL(options, "unique", true);
	if (flags & INDEX_SPARSE)
		BSON_APPEND_BOOL(options, "sparse", true);
	return ensure(s, collection, keys, options);
}

int index_ensure_ttl(struct store *s, const char *collection, int32_t after_s)
{
	return ensure(s, collection, BCON_NEW("expires", BCON_INT32(1)),
		BCON_NEW("name", BCON_UTF8("expires"), "expireAfterSeconds", BCON_INT32(after_s)));
}
