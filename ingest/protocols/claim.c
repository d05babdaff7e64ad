/* claim - two texts, and taking them apart. */
#include "ingest/protocols/claim.h"

int claim_identifier(struct claim *c, struct slice identifier, struct arena *arena)
{
	c->identifier = arena_text(arena, identifier.s, identifier.n);
	return c->identifier ? 0 : REASON_TOO_MANY;
}

int claim_secret(struct claim *c, struct slice secret, struct arena *arena)
{
	c->secret = arena_text(arena, secret.s, secret.n);
	return c->secret ? 0 : REASON_TOO_MANY;
}

/* "IDENTIFIER:SECRET" */
static void split_identifier(struct claim *c, struct arena *arena)
{
	const char *colon = strchr(c->identifier, ':');

	if (!colon)
		return;
	if (!c->secret)
		c->secret = colon + 1;
	c->identifier = arena_text(arena, c->identifier, (size_t)(colon - c->identifier));
}

int claim_end(struct claim *c, const struct http_request *http, struct protocol_scratch *scratch,
	struct protocol_result *result)
{
	const char *presented = http_secret(http, &scratch->arena);

	if (presented)
		c->secret = presented;
	if (c->identifier)
		split_identifier(c, &scratch->arena);
	if (!c->identifier || !*c->identifier)
		return REASON_NO_DEVICE;
	if (strlen(c->identifier) > PROTOCOL_IDENTIFIER_MAX)
		return REASON_UNKNOWN_DEVICE;
	if (scratch->groups_max == 0)
		return REASON_TOO_MANY;
	protocol_one_group(result, scratch, c->identifier, c->secret);
	return 0;
}
