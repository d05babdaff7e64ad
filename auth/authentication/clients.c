/* clients - the table of service clients. */
#include "auth/authentication/clients.h"
#include "base/text.h"

#include <string.h>

static bool is_id(const char *s, size_t n)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return n > 0 && n < TOKEN_CLIENT_MAX && strspn(s, allowed) >= n;
}

/* RFC 6749 section 3.3: printable ASCII but '"' and '\'. */
static bool is_scope(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\')
			return false;
	return n < TOKEN_SCOPE_MAX;
}

static const char *read_entry(struct client_entry *e, const char *s, size_t n)
{
	const char *id_end = memchr(s, ':', n), *scope = memrchr(s, ':', n);

	if (!id_end || id_end == scope)
		return "must be ID:SECRET:SCOPE[ SCOPE...], comma-separated";
	size_t id_len = (size_t)(id_end - s), scope_len = (size_t)(s + n - scope - 1);
	size_t secret_len = (size_t)(scope - id_end - 1);
	if (!is_id(s, id_len))
		return "has a client id that is not 1 to 63 letters, digits, '.', '_' or '-'";
	if (secret_len < CLIENT_SECRET_MIN)
		return "has a secret of fewer than 16 characters: use a random one, such as openssl rand -base64 24 "
		       "prints";
	if (!is_scope(scope + 1, scope_len))
		return "has a scope that is too long, or has characters that a scope cannot have";
	memcpy(e->id, s, id_len);
	e->id[id_len] = '\0';
	memcpy(e->scope, scope + 1, scope_len);
	e->scope[scope_len] = '\0';
	crypto_hash_sha256(e->secret, (const uint8_t *)id_end + 1, secret_len);
	return NULL;
}

static bool has_id(const struct clients *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->entries[i].id, id))
			return true;
	return false;
}

const char *clients_read(struct clients *ret, const char *text)
{
	ret->n = 0;
	for (const char *s = text; *s;) {
		size_t n = strcspn(s, ",");
		struct client_entry e;
		if (ret->n == CLIENTS_MAX)
			return "names more than 32 clients";
		const char *wrong = read_entry(&e, s, n);
		if (wrong)
			return wrong;
		if (has_id(ret, e.id))
			return "names one client twice";
		ret->entries[ret->n++] = e;
		s += n;
		s += *s == ',';
	}
	return NULL;
}

const struct client_entry *clients_find(const struct clients *c, const char *id, const char *secret)
{
	const struct client_entry *found = NULL;
	uint8_t hash[SHA256_SIZE];

	crypto_hash_sha256(hash, (const uint8_t *)secret, strlen(secret));
	for (size_t i = 0; i < c->n; i++) {
		bool same = text_same_secret(hash, c->entries[i].secret, sizeof hash);
		if (!strcmp(id, c->entries[i].id) && same)
			found = &c->entries[i];
	}
	return found;
}

bool scope_within(const char *asked, const char *granted)
{
	struct token_claims c;

	memset(&c, 0, sizeof c);
	if (strlen(granted) >= sizeof c.scope)
		return false;
	memcpy(c.scope, granted, strlen(granted) + 1);
	for (const char *s = asked; *s;) {
		char word[TOKEN_SCOPE_MAX];
		size_t n = strcspn(s, " ");
		if (n >= sizeof word)
			return false;
		memcpy(word, s, n);
		word[n] = '\0';
		if (n > 0 && !token_has_scope(&c, word))
			return false;
		s += n;
		s += *s == ' ';
	}
	return true;
}
