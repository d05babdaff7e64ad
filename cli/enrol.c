/* enrol - devices found or made at auth. */
#include "cli/enrol.h"
#include "cli/devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMEI_DIGITS = 15, IDENTIFIER_SIZE = 24, ATTEMPTS = 5 };

/* ---- identifiers ---- */

/* FNV-1a over both texts, their ends included. */
static uint64_t hash(const char *a, const char *b)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (const char *const *text = (const char *const[]){ a, b, NULL }; *text; text++)
		for (const char *c = *text;; c++) {
			h = (h ^ (uint8_t)*c) * UINT64_C(1099511628211);
			if (!*c)
				break;
		}
	return h;
}

/* 12 digits of @h behind 02, which stands for equipment under test, and Luhn's check digit (3GPP TS 23.003, annex B). */
static void write_imei(char out[static IMEI_DIGITS + 1], uint64_t h)
{
	int sum = 0;

	snprintf(out, IMEI_DIGITS, "02%012llu", (unsigned long long)(h % UINT64_C(1000000000000)));
	for (int i = 0; i < IMEI_DIGITS - 1; i++) {
		int digit = (out[i] - '0') << i % 2;
		sum += digit > 9 ? digit - 9 : digit;
	}
	out[IMEI_DIGITS - 1] = (char)('0' + (10 - sum % 10) % 10);
	out[IMEI_DIGITS] = '\0';
}

/* It follows from account and name, so that two who make the same pets at the same time do not make them twice: auth
 * lets one of them. @attempt: another, where somebody else has that. */
static void make_identifier(
	char out[static IDENTIFIER_SIZE], const char *email, const char *name, bool imei, unsigned attempt)
{
	uint64_t h = hash(email, name) + attempt;

	if (imei)
		write_imei(out, h);
	else
		snprintf(out, IDENTIFIER_SIZE, "sim-%016llx", (unsigned long long)h);
}

static bool is_imei(const char *identifier)
{
	return strlen(identifier) == IMEI_DIGITS && strspn(identifier, "0123456789") == IMEI_DIGITS;
}

static int add_identity(struct identities *list, const json_t *device, const char *secret)
{
	int r = identities_add(list, device_text(device, "identifier"), secret);

	if (r == 0)
		snprintf(list->items[list->n - 1].id, IDENTITY_ID_SIZE, "%s", device_text(device, "id"));
	return r;
}

/* ---- devices that are there ---- */

static int use_again(const json_t *device, const struct identities *known, struct identities *list)
{
	const struct identity *k = known ? identities_find(known, device_text(device, "identifier")) : NULL;

	return add_identity(list, device, k ? k->secret : "");
}

/* The first of the name with an identifier of the right kind. */
static const json_t *find(const json_t *devices, const char *name, bool imei)
{
	const json_t *device;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)devices, i,
		device) if (!strcmp(device_text(device, "name"), name) &&
			    (!imei || is_imei(device_text(device, "identifier")))) return device;
	return NULL;
}

/* ---- devices that are not ---- */

/* Somebody has its identifier: the same account, by another player a moment ago? Else SESSION_E_CONFLICT. */
static int use_taken(struct session *s, const struct enrolment *w, bool imei, const struct identities *known,
	struct identities *list)
{
	json_t *devices = NULL;
	int r = devices_list(s, &devices);

	if (r)
		return r;
	const json_t *there = find(devices, w->name, imei);
	r = there ? use_again(there, known, list) : SESSION_E_CONFLICT;
	json_decref(devices);
	return r;
}

static int add_new(struct session *s, const struct enrolment *w, bool imei, const struct identities *known,
	struct identities *list)
{
	char identifier[IDENTIFIER_SIZE];
	json_t *device = NULL, *pet = w->pet ? pet_json(w->pet) : NULL;
	int r = SESSION_E_CONFLICT;

	for (unsigned i = 0; i < ATTEMPTS && r == SESSION_E_CONFLICT; i++) {
		make_identifier(identifier, session_email(s), w->name, imei, i);
		r = devices_add(s, w->name, identifier, pet, &device);
		if (r == 0)
			r = add_identity(list, device, device_text(device, "secret"));
		else if (r == SESSION_E_CONFLICT)
			r = use_taken(s, w, imei, known, list);
	}
	json_decref(device);
	json_decref(pet);
	return r;
}

int enrol_again(struct session *s, struct identity *i)
{
	char *secret = NULL;
	int r = devices_rotate(s, i->id, &secret);

	if (r == 0 && strlen(secret) >= sizeof i->secret)
		r = SESSION_E_REFUSED;
	if (r == 0)
		strcpy(i->secret, secret);
	free(secret);
	return r;
}

int enrol(struct session *s, const struct enrolment *wanted, size_t n, bool imei, const struct identities *known,
	struct identities *ret)
{
	struct identities list = { 0 };
	json_t *devices = NULL;
	int r = devices_list(s, &devices);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const json_t *there = find(devices, wanted[i].name, imei);
		r = there ? use_again(there, known, &list) : add_new(s, &wanted[i], imei, known, &list);
	}
	json_decref(devices);
	if (r)
		identities_free(&list);
	else
		*ret = list;
	return r;
}
