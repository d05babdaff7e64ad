/* sealed - libsodium's secretbox, its nonce in front. */
#include "auth/common/sealed.h"

#include <errno.h>

void sealed_make(uint8_t *out, const void *bytes, size_t n, const uint8_t *key)
{
	randombytes_buf(out, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, bytes, n, out, key);
}

int sealed_open(void *out, const uint8_t *sealed, size_t len, const uint8_t *key)
{
	if (len < SEALED_OVERHEAD || crypto_secretbox_open_easy(out, sealed + crypto_secretbox_NONCEBYTES,
					     len - crypto_secretbox_NONCEBYTES, sealed, key))
		return -EKEYREJECTED;
	return 0;
}
