/* document - typed reads out of BSON. */
#include "auth/common/document.h"
#include "base/text.h"

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

void document_append_texts(bson_t *d, const char *key, const char *const *texts, size_t n)
{
	bson_t array;
	char room[16];
	const char *index;

	BSON_APPEND_ARRAY_BEGIN(d, key, &array);
	for (uint32_t i = 0; i < n; i++) {
		bson_uint32_to_string(i, &index, room, sizeof room);
		BSON_APPEND_UTF8(&array, index, texts[i]);
	}
	bson_append_array_end(d, &array);
}

/* Cut between two characters. */
void document_put_text(bson_t *d, const char *key, const char *s)
{
	char kept[DOCUMENT_TEXT_MAX + 1];
	size_t n = s ? strnlen(s, sizeof kept) : 0;

	if (n == 0)
		return;
	if (n > DOCUMENT_TEXT_MAX)
		for (n = DOCUMENT_TEXT_MAX; n > 0 && (s[n] & 0xC0) == 0x80;)
			n--;
	bool utf8 = text_is_utf8(s, n);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		kept[i] = c < ' ' || c == 0x7F || (c >= 0x80 && !utf8) ? '?' : s[i];
	}
	bson_append_utf8(d, key, -1, kept, (int)n);
}

bool document_true(const bson_t *d, const char *path)
{
	bson_iter_t i;

	return find(d, path, &i) && BSON_ITER_HOLDS_BOOL(&i) && bson_iter_bool(&i);
}
