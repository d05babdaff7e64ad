/* device - names, secrets, JSON and events. */
#include "auth/devices/device.h"
#include "auth/devices/optional.h"
#include "auth/devices/pet.h"
#include "auth/devices/rights.h"
#include "auth/devices/rules.h"
#include "base/time.h"
#include "base/wire.h"

#include <string.h>

/* ---- identifiers and secrets ---- */

bool identifier_good(const char *s, size_t n)
{
	if (n == 0 || n >= IDENTIFIER_SIZE)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9') ||
			    s[i] == '.' || s[i] == '_' || s[i] == '-'))
			return false;
	return true;
}

void easy_text_make(char *out, size_t n)
{
	static const char alphabet[] = "23456789abcdefghjkmnpqrstuvwxyz";

	for (size_t i = 0; i < n; i++)
		out[i] = alphabet[randombytes_uniform(sizeof alphabet - 1)];
	out[n] = '\0';
}

void identifier_make(char out[static IDENTIFIER_SIZE])
{
	enum { LENGTH = 10 };

	easy_text_make(out, LENGTH);
}

void secret_make(char out[static SECRET_SIZE], uint8_t ret_hash[static SHA256_SIZE])
{
	uint8_t random[SECRET_BYTES];

	randombytes_buf(random, sizeof random);
	size_t n = text_base64url(out, random, sizeof random);
	sodium_memzero(random, sizeof random);
	crypto_hash_sha256(ret_hash, (const uint8_t *)out, n);
}

/* ---- JSON ---- */

/* What every description of a device begins with. False when the document is no device's. */
static bool read_name(const bson_t *doc, char ret_id[static UUID_TEXT_SIZE], const char **ret_name)
{
	struct uuid id;

	*ret_name = document_text(doc, "name");
	if (!*ret_name || !document_uuid(doc, "_id", &id))
		return false;
	uuid_format(ret_id, &id);
	return true;
}

static bool read_created(const bson_t *doc, char ret[static TIME_TEXT_SIZE])
{
	int64_t created;

	if (!document_time(doc, "created", &created))
		return false;
	time_format(ret, created);
	return true;
}

json_t *device_json(const bson_t *doc)
{
	char id[UUID_TEXT_SIZE], created[TIME_TEXT_SIZE];
	const char *name, *identifier = document_text(doc, "identifier");

	if (!identifier || !read_name(doc, id, &name) || !read_created(doc, created))
		return NULL;
	json_t *shown = json_pack("{ss ss ss ss ss}", "id", id, "name", name, "identifier", identifier, "created",
		created, "rights", rights_text(RIGHTS_OWNER));
	if (shown && optional_show(doc, shown) == 0)
		return shown;
	json_decref(shown);
	return NULL;
}

json_t *device_shared_json(const bson_t *doc)
{
	char id[UUID_TEXT_SIZE], created[TIME_TEXT_SIZE];
	const char *name;

	if (!read_name(doc, id, &name) || !read_created(doc, created))
		return NULL;
	return json_pack("{ss ss so so ss}", "id", id, "name", name, "pet", pet_json(doc), "rules", rules_json(doc),
		"created", created);
}

json_t *device_name_json(const bson_t *doc)
{
	char id[UUID_TEXT_SIZE];
	const char *name;

	if (!read_name(doc, id, &name))
		return NULL;
	return json_pack("{ss ss ss?}", "id", id, "name", name, "pet_name", document_text(doc, "pet.name"));
}

/* ---- events ---- */

static bool plan_message(
	struct outbox_plan *p, enum outbox_topic topic, const struct uuid *key, const struct text *value)
{
	struct outbox_message *m = &p->messages[p->n++];

	m->topic = topic;
	m->key = *key;
	return text_ok(value);
}

static bool plan_device(struct outbox_plan *p, const struct uuid *id, const char *event, const char *identifier)
{
	char id_text[UUID_TEXT_SIZE];
	struct text t = text_in(p->messages[p->n].value, OUTBOX_VALUE_MAX);

	uuid_format(id_text, id);
	text_printf(&t, "{\"event\":\"%s\",\"id\":\"%s\",\"identifier\":", event, id_text);
	text_json(&t, identifier, strlen(identifier));
	text_putc(&t, '}');
	return plan_message(p, OUTBOX_DEVICES, id, &t);
}

bool plan_devices_changed(struct outbox_plan *p, const struct uuid *user)
{
	char user_text[UUID_TEXT_SIZE];
	struct text t = text_in(p->messages[p->n].value, OUTBOX_VALUE_MAX);

	uuid_format(user_text, user);
	text_printf(&t, "{\"event\":\"devices_changed\",\"user\":\"%s\"}", user_text);
	return plan_message(p, OUTBOX_ACCESS, user, &t);
}

bool device_plan(const bson_t *doc, struct outbox_plan *ret)
{
	struct uuid id, user;
	bool deleted = document_has(doc, "deleted");
	const char *identifier = document_text(doc, deleted ? "released" : "identifier");
	const char *event = deleted ? "deleted" : document_has(doc, "announced") ? "changed" : "created";

	ret->n = 0;
	ret->remove = deleted;
	return document_uuid(doc, "_id", &id) && document_uuid(doc, deleted ? "former_owner" : "owner", &user) &&
	       identifier && plan_device(ret, &id, event, identifier) && plan_devices_changed(ret, &user);
}

/* ---- cursors ---- */

void device_cursor_write(const struct device_cursor *c, char out[static CURSOR_SIZE])
{
	uint8_t bytes[8 + sizeof c->id.b];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)((uint64_t)c->created_ms >> (56 - 8 * i));
	memcpy(bytes + 8, c->id.b, sizeof c->id.b);
	text_base64url(out, bytes, sizeof bytes);
}

bool device_cursor_read(struct device_cursor *ret, const char *text)
{
	uint8_t bytes[8 + sizeof ret->id.b];
	size_t n;

	if (text_unbase64(bytes, sizeof bytes, &n, text, strlen(text)) || n != sizeof bytes)
		return false;
	struct wire w = wire_over(bytes, n);
	ret->created_ms = (int64_t)wire_u64(&w);
	memcpy(ret->id.b, bytes + 8, sizeof ret->id.b);
	return true;
}
