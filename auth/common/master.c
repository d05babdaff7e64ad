/* master - argon2id to a root key, and from that one key for each use. */
#include "auth/common/master.h"

#include <errno.h>
#include <string.h>

enum { PASSES = 2, MEMORY = 19 * 1024 * 1024 };
enum { SEAL_KEY = 1, TAG_KEY, FACTOR_KEY, RECOVERY_KEY, MAIL_KEY };

int master_derive(struct master *ret, const char *secret)
{
	static const char context[crypto_kdf_CONTEXTBYTES + 1] = "pettrack";
	/* The same for all: the same secret must give the same keys in every replica, with nothing stored. */
	static const uint8_t salt[crypto_pwhash_argon2id_SALTBYTES] = "pettrack master";
	uint8_t root[crypto_kdf_KEYBYTES];

	if (sodium_init() < 0)
		return -ENOSYS;
	if (crypto_pwhash_argon2id(
		    root, sizeof root, secret, strlen(secret), salt, PASSES, MEMORY, crypto_pwhash_ALG_ARGON2ID13))
		return -ENOMEM;
	crypto_kdf_derive_from_key(ret->seal, sizeof ret->seal, SEAL_KEY, context, root);
	crypto_kdf_derive_from_key(ret->tag, sizeof ret->tag, TAG_KEY, context, root);
	crypto_kdf_derive_from_key(ret->factor, sizeof ret->factor, FACTOR_KEY, context, root);
	crypto_kdf_derive_from_key(ret->recovery, sizeof ret->recovery, RECOVERY_KEY, context, root);
	crypto_kdf_derive_from_key(ret->mail, sizeof ret->mail, MAIL_KEY, context, root);
	sodium_memzero(root, sizeof root);
	return 0;
}
