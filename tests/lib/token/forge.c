#include "tests/lib/token/forge.h"
#include "base/text.h"

#include <assert.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <string.h>

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	assert(key);
	BIO_free(bio);
	return key;
}

static size_t sign_es256(unsigned char out[64], const char *pem, const char *text)
{
	unsigned char der[80];
	const unsigned char *at = der;
	size_t n = sizeof der;
	EVP_PKEY *key = read_key(pem);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	assert(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1);
	assert(EVP_DigestSign(context, der, &n, (const unsigned char *)text, strlen(text)) == 1);
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &at, (long)n);
	BN_bn2binpad(ECDSA_SIG_get0_r(s), out, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(s), out + 32, 32);
	ECDSA_SIG_free(s);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return 64;
}

char *forge(enum forge_algorithm how, const char *key, const char *header, const char *payload)
{
	static char token[16384];
	unsigned char signature[64];
	unsigned int mac = 0;
	size_t n = 0, len = text_base64url(token, header, strlen(header));

	token[len++] = '.';
	len += text_base64url(token + len, payload, strlen(payload));
	assert(len < sizeof token - 128);
	if (how == FORGE_ES256) {
		n = sign_es256(signature, key, token);
	} else if (how == FORGE_HS256) {
		assert(HMAC(EVP_sha256(), key, (int)strlen(key), (unsigned char *)token, len, signature, &mac));
		n = mac;
	}
	token[len++] = '.';
	text_base64url(token + len, signature, n);
	return token;
}

char *forge_public_pem(const char *private_pem)
{
	char *bytes;
	EVP_PKEY *key = read_key(private_pem);
	BIO *bio = BIO_new(BIO_s_mem());

	assert(PEM_write_bio_PUBKEY(bio, key) == 1);
	long n = BIO_get_mem_data(bio, &bytes);
	char *pem = strndup(bytes, (size_t)n);
	BIO_free(bio);
	EVP_PKEY_free(key);
	return pem;
}
