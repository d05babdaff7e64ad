/* enrol - devices found or made at auth. */
#include "cli/enrol.h"
#include "cli/devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IMEI_DIGITS = 15, ATTEMPTS = 5 };

/* 14 random digits behind a type code that no maker has, and Luhn's check digit (3GPP TS 23.003, annex B). */
static int random_imei(char out[static IMEI_DIGITS + 1])
{
	uint8_t noise[IMEI_DIGITS];
	int sum = 0;

	if (getentropy(noise, sizeof noise))
		return -errno;
	memcpy(out, "00", 2);
	for (size_t i = 2; i < IMEI_DIGITS - 1; i++)
		out[i] = (char)('0' + noise[i] % 10);
	for (int i = 0; i < IMEI_DIGITS - 1; i++) {
		int digit = (out[i] - '0') << i % 2;
		sum += digit > 9 ? digit - 9 : digit;
	}
	out[IMEI_DIGITS - 1] = (char)('0' + (10 - sum % 10) % 10);
	out[IMEI_DIGITS] = '\0';
	return 0;
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

static int add_new(struct session *s, const struct enrolment *w, bool imei, struct identities *list)
{
	char identifier[IMEI_DIGITS + 1];
	json_t *device = NULL, *pet = w->pet ? pet_json(w->pet) : NULL;
	int r = SESSION_E_CONFLICT;

	for (int i = 0; i < ATTEMPTS && r == SESSION_E_CONFLICT; i++) {
		r = imei ? random_imei(identifier) : 0;
		if (r == 0)
			r = devices_add(s, w->name, imei ? identifier : NULL, pet, &device);
	}
	if (r == 0)
		r = add_identity(list, device, device_text(device, "secret"));
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

int enrol(struct session *s, const struct enrolment *wanted, size_t n, bool imei, const struct identities *known,
	struct identities *ret)
{
	struct identities list = { 0 };
	json_t *devices = NULL;
	int r = devices_list(s, &devices);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const json_t *there = find(devices, wanted[i].name, imei);
		r = there ? use_again(there, known, &list) : add_new(s, &wanted[i], imei, &list);
	}
	json_decref(devices);
	if (r)
		identities_free(&list);
	else
		*ret = list;
	return r;
}
