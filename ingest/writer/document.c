/* document - positions as MongoDB's documents. */
#include "document.h"

#include <errno.h>

/* bson's append functions fail for one reason, a document past 2 GiB; so does the whole. */
struct builder {
	bson_t *doc;
	bool ok;
};

#define KEY(name) (name), (int)(sizeof(name) - 1)

static void put_real(struct builder *b, const char *key, int key_len, double v)
{
	b->ok = b->ok && bson_append_double(b->doc, key, key_len, v);
}

static void put_time(struct builder *b, const char *key, int key_len, int64_t ms)
{
	b->ok = b->ok && bson_append_date_time(b->doc, key, key_len, ms);
}

static void put_text(struct builder *b, const char *key, int key_len, const char *v)
{
	b->ok = b->ok && bson_append_utf8(b->doc, key, key_len, v, -1);
}

static void put_uuid(struct builder *b, const char *key, int key_len, const struct uuid *u)
{
	b->ok = b->ok && bson_append_binary(b->doc, key, key_len, BSON_SUBTYPE_UUID, u->b, sizeof(u->b));
}

static struct builder begin(struct builder *parent, const char *key, int key_len, bson_t *child)
{
	parent->ok = parent->ok && bson_append_document_begin(parent->doc, key, key_len, child);
	return (struct builder){ .doc = child, .ok = parent->ok };
}

/* Only after a begin() that went well. */
static void end(struct builder *parent, const struct builder *child)
{
	if (parent->ok)
		parent->ok = bson_append_document_end(parent->doc, child->doc) && child->ok;
}

static struct builder begin_list(struct builder *parent, const char *key, int key_len, bson_t *child)
{
	parent->ok = parent->ok && bson_append_array_begin(parent->doc, key, key_len, child);
	return (struct builder){ .doc = child, .ok = parent->ok };
}

static void end_list(struct builder *parent, const struct builder *child)
{
	if (parent->ok)
		parent->ok = bson_append_array_end(parent->doc, child->doc) && child->ok;
}

static int result(const struct builder *b)
{
	return b->ok ? 0 : -EOVERFLOW;
}

/* ---- positions ---- */

static void put_attribute(struct builder *b, const struct attribute *a)
{
	switch (a->type) {
	case ATTRIBUTE_BOOL:
		b->ok = b->ok && bson_append_bool(b->doc, a->name, -1, a->boolean);
		break;
	case ATTRIBUTE_INT:
		b->ok = b->ok && bson_append_int64(b->doc, a->name, -1, a->integer);
		break;
	case ATTRIBUTE_REAL:
		put_real(b, a->name, -1, a->real);
		break;
	case ATTRIBUTE_TEXT:
		put_text(b, a->name, -1, a->text);
		break;
	}
}

static void put_attributes(struct builder *b, const struct position *p)
{
	bson_t child;

	if (p->attributes_n == 0)
		return;
	struct builder list = begin(b, KEY("attributes"), &child);
	for (size_t i = 0; i < p->attributes_n; i++)
		put_attribute(&list, &p->attributes[i]);
	end(b, &list);
}

static void put_field(
	struct builder *b, const struct position *p, enum position_field field, const char *key, int key_len, float v)
{
	if (position_has(p, field))
		put_real(b, key, key_len, (double)v);
}

int document_position(bson_t *doc, const struct position *p)
{
	struct builder b = { doc, true };
	bson_t child;
	struct builder id = begin(&b, KEY("_id"), &child);

	put_uuid(&id, KEY("d"), &p->device);
	put_time(&id, KEY("t"), p->time_ms);
	end(&b, &id);
	put_real(&b, KEY("lat"), p->lat_e7 / 1e7);
	put_real(&b, KEY("lon"), p->lon_e7 / 1e7);
	put_field(&b, p, POSITION_SPEED, KEY("speed"), p->speed_mps);
	put_field(&b, p, POSITION_COURSE, KEY("course"), p->course_deg);
	put_field(&b, p, POSITION_ALTITUDE, KEY("altitude"), p->altitude_m);
	put_field(&b, p, POSITION_ACCURACY, KEY("accuracy"), p->accuracy_m);
	put_field(&b, p, POSITION_BATTERY, KEY("battery"), p->battery_pct);
	if (p->invalid)
		b.ok = b.ok && bson_append_bool(doc, KEY("valid"), false);
	put_time(&b, KEY("received"), p->received_ms);
	if (p->protocol)
		put_text(&b, KEY("protocol"), p->protocol);
	put_attributes(&b, p);
	return result(&b);
}

/* ---- latest ---- */

/* key: { $gte: ["$field", ms] }: whether what is stored is as new. A field that is absent is less than any time. */
static void put_is_as_new(struct builder *b, const char *key, int key_len, const char *field, int64_t ms)
{
	bson_t condition_doc, list_doc;
	struct builder condition = begin(b, key, key_len, &condition_doc);
	struct builder list = begin_list(&condition, KEY("$gte"), &list_doc);

	put_text(&list, KEY("0"), field);
	put_time(&list, KEY("1"), ms);
	end_list(&condition, &list);
	end(b, &condition);
}

/* The coordinates as the fix's own document has them. */
static void put_place(struct builder *b, const bson_t *fix)
{
	bson_t place_doc, list_doc;
	bson_iter_t lat, lon;

	if (!bson_iter_init_find(&lat, fix, "lat") || !bson_iter_init_find(&lon, fix, "lon")) {
		b->ok = false;
		return;
	}
	struct builder place = begin(b, KEY("loc"), &place_doc);
	put_text(&place, KEY("type"), "Point");
	struct builder list = begin_list(&place, KEY("coordinates"), &list_doc);
	put_real(&list, KEY("0"), bson_iter_double(&lon));
	put_real(&list, KEY("1"), bson_iter_double(&lat));
	end_list(&place, &list);
	end(b, &place);
}

/* key: { $literal: the document that the fix makes of a device } */
static void put_fix(struct builder *b, const char *key, int key_len, const struct report *r, const bson_t *fix)
{
	bson_t literal_doc, doc;
	struct builder literal = begin(b, key, key_len, &literal_doc);
	struct builder child = begin(&literal, KEY("$literal"), &doc);

	put_uuid(&child, KEY("_id"), &r->device);
	put_time(&child, KEY("time"), r->time_ms);
	put_place(&child, fix);
	if (child.ok)
		bson_copy_to_excluding_noinit(fix, child.doc, "_id", NULL);
	end(&literal, &child);
	end(b, &literal);
}

/* key: { $cond: [as new, what is stored, the fix] }, or all that is stored where there is no fix. */
static void put_newest(struct builder *b, const char *key, int key_len, const struct report *r, const bson_t *fix)
{
	bson_t choice_doc, list_doc;

	if (!fix) {
		put_text(b, key, key_len, "$$ROOT");
		return;
	}
	struct builder choice = begin(b, key, key_len, &choice_doc);
	struct builder list = begin_list(&choice, KEY("$cond"), &list_doc);
	put_is_as_new(&list, KEY("0"), "$time", r->time_ms);
	put_text(&list, KEY("1"), "$$ROOT");
	put_fix(&list, KEY("2"), r, fix);
	end_list(&choice, &list);
	end(b, &choice);
}

/* key: { $cond: [as new, { contact: what is stored }, { contact, battery? }] } */
static void put_contact(struct builder *b, const char *key, int key_len, const struct report *r)
{
	bson_t choice_doc, list_doc, stored_doc, literal_doc, doc;
	struct builder choice = begin(b, key, key_len, &choice_doc);
	struct builder list = begin_list(&choice, KEY("$cond"), &list_doc);

	put_is_as_new(&list, KEY("0"), "$contact", r->contact_ms);
	struct builder stored = begin(&list, KEY("1"), &stored_doc);
	put_text(&stored, KEY("contact"), "$contact");
	end(&list, &stored);
	struct builder literal = begin(&list, KEY("2"), &literal_doc);
	struct builder child = begin(&literal, KEY("$literal"), &doc);
	put_time(&child, KEY("contact"), r->contact_ms);
	if (r->has_battery)
		put_real(&child, KEY("battery"), r->battery_pct);
	end(&literal, &child);
	end(&list, &literal);
	end_list(&choice, &list);
	end(b, &choice);
}

/* A pipeline of one stage, [{ $replaceWith: { $mergeObjects: [newest, contact] } }]. Its filter is _id alone, which keeps
 * the server on its short path: with conditions in the filter an update was measured to cost half as much again, and one
 * that changes nothing, an attempt to insert. */
int document_latest(bson_t *filter, bson_t *update, const struct report *r, const bson_t *fix)
{
	struct builder f = { filter, true }, u = { update, true };
	bson_t stage_doc, replace_doc, list_doc;

	put_uuid(&f, KEY("_id"), &r->device);
	struct builder stage = begin(&u, KEY("0"), &stage_doc);
	struct builder replace = begin(&stage, KEY("$replaceWith"), &replace_doc);
	struct builder list = begin_list(&replace, KEY("$mergeObjects"), &list_doc);
	put_newest(&list, KEY("0"), r, fix);
	put_contact(&list, KEY("1"), r);
	end_list(&replace, &list);
	end(&stage, &replace);
	end(&u, &stage);
	return f.ok ? result(&u) : -EOVERFLOW;
}

/* ---- the collections ---- */

bson_t *document_first_key(const struct uuid *device)
{
	return BCON_NEW("d", BCON_BIN(BSON_SUBTYPE_UUID, device->b, sizeof device->b), "t", BCON_MINKEY);
}

bson_t *document_last_key(const struct uuid *device)
{
	return BCON_NEW("d", BCON_BIN(BSON_SUBTYPE_UUID, device->b, sizeof device->b), "t", BCON_MAXKEY);
}

bson_t *document_positions_options(void)
{
	return BCON_NEW("clusteredIndex", "{", "key", "{", "_id", BCON_INT32(1), "}", "unique", BCON_BOOL(true), "}");
}

bson_t *document_latest_index(void)
{
	return BCON_NEW("loc", "2dsphere");
}
