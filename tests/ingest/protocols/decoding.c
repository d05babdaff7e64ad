#include "decoding.h"

#include "base/text.h"

#include <check.h>
#include <inttypes.h>
#include <string.h>

const struct protocol_limits decoding_limits = { .frame_max = 8192, .header_max = 2048 };

struct protocol_scratch *decoding_scratch(void)
{
	static struct position positions[DECODING_POSITIONS];
	static struct protocol_group groups[16];
	static uint8_t memory[1 << 20];
	static struct protocol_scratch scratch;

	scratch = (struct protocol_scratch){
		.groups = groups,
		.groups_max = 16,
		.positions = positions,
		.positions_max = DECODING_POSITIONS,
		.arena = arena_over(memory, sizeof memory),
	};
	return &scratch;
}

struct protocol_result decoding(
	const struct protocol *p, const struct protocol_session *session, const uint8_t *frame, size_t len)
{
	struct protocol_result result = { 0 };

	if (p->frame) /* else it is a datagram */
		ck_assert_int_eq(p->frame(frame, len, &decoding_limits), (ssize_t)len);
	int r = p->decode(session, frame, len, decoding_scratch(), &result);
	ck_assert_msg(r == 0, "refused: %s", protocol_reason_name((enum protocol_reason)r));
	for (size_t i = 0; i < result.positions_n; i++) {
		struct position at = result.positions[i];
		const char *fault = position_fault(&at);
		ck_assert_msg(!fault, "position %zu: %s", i, fault);
	}
	return result;
}

const struct attribute *decoding_attribute(const struct position *p, const char *name)
{
	for (size_t i = 0; i < p->attributes_n; i++)
		if (!strcmp(p->attributes[i].name, name))
			return &p->attributes[i];
	return NULL;
}

static void put_value(struct text *t, const struct attribute *a)
{
	switch (a->type) {
	case ATTRIBUTE_BOOL:
		text_puts(t, a->boolean ? "true" : "false");
		break;
	case ATTRIBUTE_INT:
		text_int(t, a->integer);
		break;
	case ATTRIBUTE_REAL:
		text_printf(t, "%.10g", a->real);
		break;
	case ATTRIBUTE_TEXT:
		text_printf(t, "'%s'", a->text);
		break;
	}
}

const char *decoding_attributes(const struct position *p)
{
	static char buf[8192];
	struct text t = text_in(buf, sizeof buf);

	for (size_t i = 0; i < p->attributes_n; i++) {
		text_printf(&t, "%s%s=", i ? " " : "", p->attributes[i].name);
		put_value(&t, &p->attributes[i]);
	}
	ck_assert(text_ok(&t));
	return buf;
}
