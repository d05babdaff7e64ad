/* es256 - keys and signatures. OpenSSL's error queue is emptied after each failure, so that none shows up elsewhere. */
#include "token/es256.h"
#include "token/token.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

static int failed(int r)
{
	ERR_clear_error();
	return r;
}

/* A PEM that is encrypted must not make OpenSSL ask at the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *owner)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)owner;
	return -1;
}

static bool is_p256(EVP_PKEY *key)
{
	char group[32];
	size_t n = 0;

	return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, &n) == 1 &&
	       !strcmp(group, SN_X9_62_prime256v1);
}

int token_key_generate(char **ret_pem)
{
	EVP_PKEY *key = EVP_EC_gen(SN_X9_62_prime256v1);
	BIO *bio = key ? BIO_new(BIO_s_mem()) : NULL;
	char *bytes, *pem = NULL;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		long n = BIO_get_mem_data(bio, &bytes);
		pem = n > 0 ? strndup(bytes, (size_t)n) : NULL;
	}
	BIO_free(bio);
	EVP_PKEY_free(key);
	if (!pem)
		return failed(-ENOMEM);
	*ret_pem = pem;
	return 0;
}

int es256_private(EVP_PKEY **ret, const char *pem)
{
	size_t n = strlen(pem);
	BIO *bio = n <= INT_MAX ? BIO_new_mem_buf(pem, (int)n) : NULL;

	if (!bio)
		return failed(-ENOMEM);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (!key || !is_p256(key)) {
		EVP_PKEY_free(key);
		return failed(-EINVAL);
	}
	*ret = key;
	return 0;
}

int es256_public(EVP_PKEY **ret, const uint8_t x[static ES256_COORDINATE], const uint8_t y[static ES256_COORDINATE])
{
	uint8_t point[1 + 2 * ES256_COORDINATE] = { POINT_CONVERSION_UNCOMPRESSED };
	char group[] = SN_X9_62_prime256v1;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
		OSSL_PARAM_END,
	};
	EVP_PKEY *key = NULL;

	memcpy(point + 1, x, ES256_COORDINATE);
	memcpy(point + 1 + ES256_COORDINATE, y, ES256_COORDINATE);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (!context || EVP_PKEY_fromdata_init(context) != 1) {
		EVP_PKEY_CTX_free(context);
		return failed(-ENOMEM);
	}
	/* Refuses a point that is not on the curve. */
	int ok = EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(context);
	if (ok != 1)
		return failed(-EINVAL);
	*ret = key;
	return 0;
}

static bool coordinate(EVP_PKEY *key, const char *name, uint8_t out[static ES256_COORDINATE])
{
	BIGNUM *n = NULL;
	bool ok =
		EVP_PKEY_get_bn_param(key, name, &n) == 1 && BN_bn2binpad(n, out, ES256_COORDINATE) == ES256_COORDINATE;

	BN_free(n);
	return ok;
}

int es256_point(EVP_PKEY *key, uint8_t x[static ES256_COORDINATE], uint8_t y[static ES256_COORDINATE])
{
	return coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, x) && coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, y)
		       ? 0
		       : failed(-EINVAL);
}

/* ---- signatures: OpenSSL speaks DER, JOSE the two numbers side by side ---- */

enum { DER_MAX = 80 };

static bool from_der(uint8_t out[static ES256_SIGNATURE], const uint8_t *der, size_t n)
{
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)n);
	bool ok = s && BN_bn2binpad(ECDSA_SIG_get0_r(s), out, ES256_COORDINATE) == ES256_COORDINATE &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(s), out + ES256_COORDINATE, ES256_COORDINATE) == ES256_COORDINATE;

	ECDSA_SIG_free(s);
	return ok;
}

/* The length, or 0 when memory is out. */
static size_t to_der(uint8_t out[static DER_MAX], const uint8_t signature[static ES256_SIGNATURE])
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *r_part = BN_bin2bn(signature, ES256_COORDINATE, NULL);
	BIGNUM *s_part = BN_bin2bn(signature + ES256_COORDINATE, ES256_COORDINATE, NULL);
	int n = 0;

	if (s && r_part && s_part && ECDSA_SIG_set0(s, r_part, s_part) == 1) { /* s owns both from here */
		n = i2d_ECDSA_SIG(s, &out);
	} else {
		BN_free(r_part);
		BN_free(s_part);
	}
	ECDSA_SIG_free(s);
	return n > 0 ? (size_t)n : 0;
}

int es256_sign(EVP_PKEY *key, const void *bytes, size_t n, uint8_t out[static ES256_SIGNATURE])
{
	uint8_t der[DER_MAX];
	size_t len = sizeof der;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		  EVP_DigestSign(context, der, &len, bytes, n) == 1 && from_der(out, der, len);

	EVP_MD_CTX_free(context);
	return ok ? 0 : failed(-EIO);
}

int es256_verify(EVP_PKEY *key, const void *bytes, size_t n, const uint8_t signature[static ES256_SIGNATURE])
{
	uint8_t der[DER_MAX];
	size_t len = to_der(der, signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int r = -ENOMEM;

	if (len > 0 && context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1)
		r = EVP_DigestVerify(context, der, len, bytes, n) == 1 ? 0 : TOKEN_E_SIGNATURE;
	EVP_MD_CTX_free(context);
	return r == 0 ? 0 : failed(r);
}
