/* smtp - over libcurl, which speaks the protocol; what is made of its results is here. */
#include "mail/smtp.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far a conversation came: what is refused later than MAIL is the mail's own fault. */
enum stage { STAGE_BEFORE, STAGE_RECIPIENT, STAGE_MESSAGE };

struct smtp {
	CURL *curl;
	char *url, *user, *password, *ca_file, *address;
	bool starttls;
	int64_t timeout_ms;
	bool (*stopping)(void *owner);
	void *owner;
	char why[CURL_ERROR_SIZE];
};

/* A mail on its way. */
struct outgoing {
	struct smtp *smtp;
	const char *message;
	size_t left;
	enum stage stage;
};

/* ---- the URL ---- */

static char *part_of(CURLU *u, CURLUPart part, unsigned flags)
{
	char *value = NULL;
	char *copy = curl_url_get(u, part, &value, flags) == CURLUE_OK ? strdup(value) : NULL;

	curl_free(value);
	return copy;
}

static bool has_none_of(CURLU *u, const CURLUPart *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *value = part_of(u, parts[i], 0);
		free(value);
		if (value)
			return false;
	}
	return true;
}

/* host:port, or NULL when @u is not to be used. */
static char *address_of(CURLU *u)
{
	static const CURLUPart foreign[] = { CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT };
	char *scheme = part_of(u, CURLUPART_SCHEME, 0), *host = part_of(u, CURLUPART_HOST, 0);
	char *port = part_of(u, CURLUPART_PORT, CURLU_DEFAULT_PORT), *address = NULL;
	bool ours = scheme && (!strcmp(scheme, "smtp") || !strcmp(scheme, "smtps"));

	if (ours && host && port && has_none_of(u, foreign, sizeof foreign / sizeof *foreign) &&
		asprintf(&address, "%s:%s", host, port) < 0)
		address = NULL;
	free(port);
	free(host);
	free(scheme);
	return address;
}

static int read_url(struct smtp *s, const char *url)
{
	CURLU *u = curl_url();

	if (!u)
		return -ENOMEM;
	if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		s->address = address_of(u);
	curl_url_cleanup(u);
	return s->address ? 0 : -EINVAL;
}

/* ---- life ---- */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_started;

static void start_curl(void)
{
	curl_started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool copy(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return *ret || !text;
}

int smtp_open(struct smtp **ret, const struct smtp_options *o)
{
	pthread_once(&curl_once, start_curl);
	struct smtp *s = curl_started == CURLE_OK ? calloc(1, sizeof *s) : NULL;
	if (!s)
		return -ENOMEM;
	s->starttls = o->starttls;
	s->timeout_ms = o->timeout_ms;
	s->stopping = o->stopping;
	s->owner = o->owner;
	s->curl = curl_easy_init();
	int r = s->curl && copy(&s->url, o->url) && copy(&s->user, o->user) && copy(&s->password, o->password) &&
				copy(&s->ca_file, o->ca_file)
			? read_url(s, o->url)
			: -ENOMEM;
	if (r) {
		smtp_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void smtp_close(struct smtp *s)
{
	if (!s)
		return;
	curl_easy_cleanup(s->curl);
	if (s->password)
		explicit_bzero(s->password, strlen(s->password));
	free(s->address);
	free(s->ca_file);
	free(s->password);
	free(s->user);
	free(s->url);
	free(s);
}

/* ---- what curl calls ---- */

static size_t give_message(char *out, size_t one, size_t size, void *user)
{
	struct outgoing *o = user;
	size_t n = one * size < o->left ? one * size : o->left;

	memcpy(out, o->message, n);
	o->message += n;
	o->left -= n;
	return n;
}

/* Commands go by here: the only way to know how far it came. */
static int note_stage(CURL *curl, curl_infotype type, char *data, size_t n, void *user)
{
	struct outgoing *o = user;

	(void)curl;
	if (type == CURLINFO_HEADER_OUT && n > 5 && !memcmp(data, "RCPT ", 5))
		o->stage = STAGE_RECIPIENT;
	if (type == CURLINFO_HEADER_OUT && n > 4 && !memcmp(data, "DATA", 4))
		o->stage = STAGE_MESSAGE;
	return 0;
}

static int note_progress(void *user, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	const struct smtp *s = ((const struct outgoing *)user)->smtp;

	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	return s->stopping && s->stopping(s->owner);
}

static size_t drop_answer(char *bytes, size_t one, size_t n, void *user)
{
	(void)bytes;
	(void)user;
	return one * n;
}

/* ---- one conversation ---- */

#define SET(option, value) (r = r ? r : curl_easy_setopt(s->curl, option, value))

static CURLcode set_connection(struct smtp *s, struct outgoing *o)
{
	CURLcode r = CURLE_OK;

	curl_easy_reset(s->curl);
	SET(CURLOPT_URL, s->url);
	SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)s->timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)s->timeout_ms);
	SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(s->timeout_ms + 999) / 1000);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_USE_SSL, (long)(s->starttls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	SET(CURLOPT_ERRORBUFFER, s->why);
	SET(CURLOPT_WRITEFUNCTION, drop_answer);
	SET(CURLOPT_VERBOSE, 1L); /* or the next is never called; it prints nothing */
	SET(CURLOPT_DEBUGFUNCTION, note_stage);
	SET(CURLOPT_DEBUGDATA, o);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, note_progress);
	SET(CURLOPT_XFERINFODATA, o);
	if (s->ca_file)
		SET(CURLOPT_CAINFO, s->ca_file);
	if (s->user) {
		SET(CURLOPT_USERNAME, s->user);
		SET(CURLOPT_PASSWORD, s->password ? s->password : "");
	}
	return r;
}

static CURLcode set_mail(struct smtp *s, struct outgoing *o, const char *from, const struct curl_slist *to)
{
	CURLcode r = CURLE_OK;

	SET(CURLOPT_MAIL_FROM, from);
	SET(CURLOPT_MAIL_RCPT, to);
	SET(CURLOPT_UPLOAD, 1L);
	SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)o->left);
	SET(CURLOPT_READFUNCTION, give_message);
	SET(CURLOPT_READDATA, o);
	return r;
}
#undef SET

/* 421: "Service not available, closing transmission channel", whatever was asked (RFC 5321 section 3.8). */
static int result_of(const struct outgoing *o, long status)
{
	if (o->stage == STAGE_BEFORE || status == 421)
		return SMTP_E_AWAY;
	if (status >= 500 && status < 600)
		return SMTP_E_REFUSED;
	return status >= 400 && status < 500 ? SMTP_E_LATER : SMTP_E_AWAY;
}

static int perform(struct smtp *s, const struct outgoing *o)
{
	long status = 0;

	s->why[0] = '\0';
	CURLcode r = curl_easy_perform(s->curl);
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (r == CURLE_OK)
		return 0;
	if (r == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	if (!s->why[0])
		snprintf(s->why, sizeof s->why, "%s (status %ld)", curl_easy_strerror(r), status);
	/* A connection that broke says nothing of the mail, whatever the last status was. */
	bool answered = r == CURLE_SEND_ERROR || r == CURLE_WEIRD_SERVER_REPLY || r == CURLE_RECV_ERROR;
	return answered ? result_of(o, status) : SMTP_E_AWAY;
}

int smtp_check(struct smtp *s)
{
	struct outgoing o = { .smtp = s };

	if (set_connection(s, &o) != CURLE_OK || curl_easy_setopt(s->curl, CURLOPT_CUSTOMREQUEST, "NOOP") != CURLE_OK)
		return -ENOMEM;
	return perform(s, &o);
}

static bool is_address(const char *s)
{
	const char *at = strchr(s, '@');

	for (const char *p = s; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '<' || *p == '>')
			return false;
	return at && at > s && at[1];
}

int smtp_send(struct smtp *s, const char *from, const char *to, const char *message, size_t len)
{
	struct outgoing o = { .smtp = s, .message = message, .left = len };

	if (!is_address(from) || !is_address(to))
		return -EINVAL;
	struct curl_slist *recipients = curl_slist_append(NULL, to);
	int r = -ENOMEM;
	if (recipients && set_connection(s, &o) == CURLE_OK && set_mail(s, &o, from, recipients) == CURLE_OK)
		r = perform(s, &o);
	curl_easy_reset(s->curl); /* forgets our buffers */
	curl_slist_free_all(recipients);
	return r;
}

const char *smtp_last_error(const struct smtp *s)
{
	return s->why;
}

const char *smtp_address(const struct smtp *s)
{
	return s->address;
}
