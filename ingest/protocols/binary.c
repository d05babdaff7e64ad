/* binary - small readers, without state. */
#include "ingest/protocols/binary.h"

#include "base/text.h"
#include "base/time.h"

#include <string.h>

/* Four bits at a time. */
uint16_t binary_crc_itu(const uint8_t *bytes, size_t n)
{
	static const uint16_t step[16] = { 0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285, 0x6306, 0x7387, 0x8408,
		0x9489, 0xA50A, 0xB58B, 0xC60C, 0xD68D, 0xE70E, 0xF78F };
	uint16_t crc = 0xFFFF;

	for (size_t i = 0; i < n; i++) {
		crc = (uint16_t)(crc >> 4 ^ step[(crc ^ bytes[i]) & 15]);
		crc = (uint16_t)(crc >> 4 ^ step[(crc ^ bytes[i] >> 4) & 15]);
	}
	return crc ^ 0xFFFF;
}

bool binary_digits(char *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t high = bytes[i] >> 4, low = bytes[i] & 15;
		if (high > 9 || low > 9)
			return false;
		out[2 * i] = (char)('0' + high);
		out[2 * i + 1] = (char)('0' + low);
	}
	out[2 * n] = '\0';
	return true;
}

int64_t binary_packed(const uint8_t *bytes, size_t n)
{
	int64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t high = bytes[i] >> 4, low = bytes[i] & 15;
		if (high > 9 || low > 9)
			return -1;
		v = v * 100 + high * 10 + low;
	}
	return v;
}

int binary_date(int64_t *ret_ms, const uint8_t *d)
{
	static const uint8_t none[BINARY_DATE];

	if (memcmp(d, none, BINARY_DATE) == 0) {
		*ret_ms = 0;
		return 0;
	}
	return time_from_utc(ret_ms, 2000 + d[0], d[1], d[2], d[3], d[4], d[5], 0) == 0 ? 0 : REASON_BAD_VALUE;
}

int binary_date_packed(int64_t *ret_ms, const uint8_t *date)
{
	uint8_t plain[BINARY_DATE];

	for (size_t i = 0; i < BINARY_DATE; i++) {
		int64_t v = binary_packed(date + i, 1);
		if (v < 0)
			return REASON_BAD_VALUE;
		plain[i] = (uint8_t)v;
	}
	return binary_date(ret_ms, plain);
}

void binary_place(struct position *p, int64_t lat_e7, int64_t lon_e7)
{
	if (lat_e7 < -900000000 || lat_e7 > 900000000 || lon_e7 < -1800000000 || lon_e7 > 1800000000)
		return;
	p->lat_e7 = (int32_t)lat_e7;
	p->lon_e7 = (int32_t)lon_e7;
	p->has |= POSITION_LOCATION;
}

void binary_speed(struct position *p, double mps)
{
	p->speed_mps = (float)mps;
	p->has |= POSITION_SPEED;
}

void binary_course(struct position *p, double degrees)
{
	if (degrees < 0 || degrees > 360)
		return;
	p->course_deg = (float)degrees;
	if (p->course_deg >= 360)
		p->course_deg = 0;
	p->has |= POSITION_COURSE;
}

void binary_battery(struct position *p, double percent)
{
	if (percent < 0 || percent > 100)
		return;
	p->battery_pct = (float)percent;
	p->has |= POSITION_BATTERY;
}

/* No alarm's name is a piece of another's. */
void binary_alarm(struct parts *p, const char *name)
{
	if (name && !strstr(p->text, name))
		parts_alarm(p, name);
}

void binary_wifi(struct parts *p, const uint8_t *mac, int64_t rssi)
{
	static const uint8_t none[BINARY_MAC];
	char hex[2 * BINARY_MAC + 1];

	if (memcmp(mac, none, BINARY_MAC) == 0)
		return;
	text_hex(hex, mac, BINARY_MAC);
	parts_wifi(p, slice_of(hex, 2 * BINARY_MAC), &rssi);
}

void binary_hex(struct attributes *a, struct arena *arena, const char *name, const uint8_t *bytes, size_t n)
{
	size_t cut = n < BINARY_HEX_MAX ? n : BINARY_HEX_MAX;
	char *hex = n > 0 ? arena_take(arena, 2 * cut + 1) : NULL;

	if (!hex)
		return;
	text_hex(hex, bytes, cut);
	attribute_text(a, name, hex);
}

/* Line ends, blanks and NUL alone. */
static bool is_blank(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != '\0' && bytes[i] != ' ' && (bytes[i] < '\t' || bytes[i] > '\r'))
			return false;
	return true;
}

static bool is_text(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] < ' ' || bytes[i] == 0x7F)
			return false;
	return n <= ATTRIBUTE_TEXT_MAX && text_is_utf8((const char *)bytes, n);
}

void binary_text(struct attributes *a, struct arena *arena, const char *name, const uint8_t *bytes, size_t n)
{
	const uint8_t *all = bytes;
	size_t all_n = n;

	while (n > 0 && bytes[n - 1] <= ' ')
		n--;
	for (; n > 0 && *bytes <= ' '; bytes++)
		n--;
	if (is_blank(all, all_n))
		return;
	if (n == 0 || !is_text(bytes, n)) {
		binary_hex(a, arena, name, all, all_n);
		return;
	}
	char *copy = arena_text(arena, (const char *)bytes, n);
	if (copy)
		attribute_text(a, name, copy);
}
