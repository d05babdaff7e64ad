/* index - over store_index_ensure(). */
#include "auth/common/index.h"

int index_ensure(struct store *s, const char *collection, const char *name, bson_t *keys, const bson_t *options)
{
	bson_t *all = BCON_NEW("name", BCON_UTF8(name));

	if (options)
		bson_concat(all, options);
	int r = store_index_ensure(s, collection, keys, all);
	bson_destroy(all);
	bson_destroy(keys);
	return r;
}

int index_ensure_unique(struct store *s, const char *collection, const char *field)
{
	bson_t *unique = BCON_NEW("unique", BCON_BOOL(true));
	int r = index_ensure(s, collection, field, BCON_NEW(field, BCON_INT32(1)), unique);

	bson_destroy(unique);
	return r;
}

int index_ensure_ttl(struct store *s, const char *collection, int32_t after_s)
{
	bson_t *ttl = BCON_NEW("expireAfterSeconds", BCON_INT32(after_s));
	int r = index_ensure(s, collection, "expires", BCON_NEW("expires", BCON_INT32(1)), ttl);

	bson_destroy(ttl);
	return r;
}
