/*
 * device - what a device is called, how it proves itself, and how it is shown
 *
 * Thread: any.
 */
#pragma once

#include "auth/common/document.h"
#include "auth/common/outbox.h"
#include "base/text.h"
#include "base/uuid.h"

#include <jansson.h>

enum {
	IDENTIFIER_SIZE = 65,
	SECRET_BYTES = 24,
	SECRET_SIZE = TEXT_BASE64_SIZE(SECRET_BYTES),
	CURSOR_SIZE = TEXT_BASE64_SIZE(8 + 16),
};

/* [A-Za-z0-9._-]{1,64}: what a tracker calls itself; an IMEI, or an app's own. */
bool identifier_good(const char *s, size_t n);

/* @n random digits and letters that are not mistaken for one another, and a NUL: 31 to the power of @n. */
void easy_text_make(char *out, size_t n);

/* A new one, easy to type: 10 of them. */
void identifier_make(char out[static IDENTIFIER_SIZE]);

/* A new secret, and its SHA-256, which is all that is stored. */
void secret_make(char out[static SECRET_SIZE], uint8_t ret_hash[static SHA256_SIZE]);

/* For its owner: {"id","name","identifier","pet","retention_days","rules","created","rights"}; NULL when the document is no
 * device's or memory is out. */
json_t *device_json(const bson_t *doc);

/* For whom it is shared with: {"id","name","pet","rules","created"}; the same. */
json_t *device_shared_json(const bson_t *doc);

/* What it is called: {"id","name","pet_name"}; the same. */
json_t *device_name_json(const bson_t *doc);

/* What the outbox says of a device's document. */
bool device_plan(const bson_t *doc, struct outbox_plan *ret);

/* Adds to @p that what @user may see has changed. */
bool plan_devices_changed(struct outbox_plan *p, const struct uuid *user);

/* ---- where a list of devices goes on: after this one, by time of creation ---- */

struct device_cursor {
	int64_t created_ms;
	struct uuid id;
};

void device_cursor_write(const struct device_cursor *c, char out[static CURSOR_SIZE]);
bool device_cursor_read(struct device_cursor *ret, const char *text);
