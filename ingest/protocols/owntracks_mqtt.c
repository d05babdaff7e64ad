/* owntracks_mqtt - the message by owntracks_json, the device by the topic. */
#include "ingest/protocols/owntracks_mqtt.h"

#include "ingest/protocols/owntracks_json.h"

int owntracks_mqtt_decode(
	struct slice topic, struct slice message, struct protocol_scratch *scratch, struct protocol_result *ret)
{
	struct protocol_result result = { 0 };
	struct owntracks_sender sender;
	struct slice user, device;

	arena_reset(&scratch->arena);
	if (message.n == 0) {
		*ret = result;
		return 0;
	}
	if (!owntracks_topic(topic, &user, &device) || memchr(device.s, '\0', device.n))
		return REASON_NO_DEVICE;
	if (device.n > PROTOCOL_IDENTIFIER_MAX)
		return REASON_UNKNOWN_DEVICE;
	int e = owntracks_json(message, scratch, &result, &sender);
	if (e != 0)
		return e;
	const char *identifier = arena_text(&scratch->arena, device.s, device.n);
	if (!identifier || scratch->groups_max == 0)
		return REASON_TOO_MANY;
	protocol_one_group(&result, scratch, identifier, NULL);
	*ret = result;
	return 0;
}

const struct protocol protocol_owntracks_mqtt = {
	.name = "owntracks-mqtt", .frame_need = 256 * 1024, /* a picture may come with a place */
};
