/* end - devices that are deleted: nothing personal stays, but who must be told. */
#include "auth/devices/end.h"
#include "auth/devices/internal.h"
#include "auth/devices/optional.h"
#include "base/clock.h"

/* The update, with its event; the caller's to bson_destroy(). */
static int end_update(bson_t **ret)
{
	bson_t set = BSON_INITIALIZER, max = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	int r = outbox_mark_update(&set, &max);

	if (r == 0) {
		BSON_APPEND_DATE_TIME(&set, "deleted", clock_real_ms());
		BCON_APPEND(&unset, "name", BCON_UTF8(""), "secret", BCON_UTF8(""));
		optional_unset(&unset);
		*ret = BCON_NEW("$set", BCON_DOCUMENT(&set), "$max", BCON_DOCUMENT(&max), "$rename", "{", "identifier",
			BCON_UTF8("released"), "owner", BCON_UTF8("former_owner"), "}", "$unset",
			BCON_DOCUMENT(&unset));
	}
	bson_destroy(&unset);
	bson_destroy(&max);
	bson_destroy(&set);
	return r;
}

int devices_end(struct store *s, struct outbox *o, const bson_t *filter, int64_t *ret_n)
{
	bson_t *update = NULL;
	int r = end_update(&update);

	if (r)
		return r;
	r = store_update_many(s, DEVICES_COLLECTION, filter, update, ret_n);
	bson_destroy(update);
	if (r == 0)
		outbox_wake(o);
	return r;
}
