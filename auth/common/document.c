/* document - typed reads out of BSON. */
#include "auth/common/document.h"

static bool find(const bson_t *d, const char *path, bson_iter_t *ret)
{
	bson_iter_t i;

	return bson_iter_init(&i, d) && bson_iter_find_descendant(&i, path, ret);
}

static bool binary(const bson_t *d, const char *path, bson_subtype_t subtype, void *out, size_t n)
{
	bson_iter_t i;
	bson_subtype_t found;
	uint32_t len;
	const uint8_t *bytes;

	if (!find(d, path, &i) || !BSON_ITER_HOLDS_BINARY(&i))
		return false;
	bson_iter_binary(&i, &found, &len, &bytes);
	if (found != subtype || len != n)
		return false;
	memcpy(out, bytes, n);
	return true;
}

bool document_uuid(const bson_t *d, const char *path, struct uuid *ret)
{
	return binary(d, path, BSON_SUBTYPE_UUID, ret->b, sizeof ret->b);
}

bool document_bytes(const bson_t *d, const char *path, void *out, size_t n)
{
	return binary(d, path, BSON_SUBTYPE_BINARY, out, n);
}

bool document_time(const bson_t *d, const char *path, int64_t *ret_ms)
{
	bson_iter_t i;

	if (!find(d, path, &i) || !BSON_ITER_HOLDS_DATE_TIME(&i))
		return false;
	*ret_ms = bson_iter_date_time(&i);
	return true;
}

bool document_int(const bson_t *d, const char *path, int64_t *ret)
{
	bson_iter_t i;

	if (!find(d, path, &i) || !BSON_ITER_HOLDS_INT(&i))
		return false;
	*ret = bson_iter_as_int64(&i);
	return true;
}

const char *document_text(const bson_t *d, const char *path)
{
	bson_iter_t i;

	return find(d, path, &i) && BSON_ITER_HOLDS_UTF8(&i) ? bson_iter_utf8(&i, NULL) : NULL;
}

bool document_has(const bson_t *d, const char *path)
{
	bson_iter_t i;

	return find(d, path, &i);
}
