/* exchange - one HTTP request and its answer, over connections that are kept */
#include "client/exchange.h"
#include "client/client.h"
#include "client/last_error.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Handles kept with their connections; what more threads need at once is made and closed again. */
enum { IDLE_MAX = 16 };

struct exchanger {
	pthread_mutex_t lock; /* guards the two below */
	CURL *idle[IDLE_MAX];
	size_t n_idle;
	char *ca_file;
	int64_t timeout_ms;
	size_t answer_max;
};

/* An answer's body while it arrives. */
struct incoming {
	char *body;
	size_t len, size, max;
	bool too_large, no_memory;

	const struct request *request;
	CURL *handle;
	bool refused; /* by the request's sink */
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_started;

static void start_curl(void)
{
	curl_started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int exchange_open(struct exchanger **ret, const struct exchange_options *o)
{
	pthread_once(&curl_once, start_curl);
	if (curl_started != CURLE_OK)
		return -ENOMEM;

	struct exchanger *x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	if (o->ca_file && !(x->ca_file = strdup(o->ca_file))) {
		free(x);
		return -ENOMEM;
	}
	x->timeout_ms = o->timeout_ms;
	x->answer_max = (size_t)o->answer_max;
	pthread_mutex_init(&x->lock, NULL);
	*ret = x;
	return 0;
}

void exchange_close(struct exchanger *x)
{
	if (!x)
		return;
	while (x->n_idle > 0)
		curl_easy_cleanup(x->idle[--x->n_idle]);
	pthread_mutex_destroy(&x->lock);
	free(x->ca_file);
	free(x);
}

static CURL *take_handle(struct exchanger *x)
{
	CURL *h = NULL;

	pthread_mutex_lock(&x->lock);
	if (x->n_idle > 0)
		h = x->idle[--x->n_idle];
	pthread_mutex_unlock(&x->lock);
	return h ? h : curl_easy_init();
}

static void give_handle_back(struct exchanger *x, CURL *h)
{
	curl_easy_reset(h); /* forgets the request, its secrets and our buffers; keeps the connections */
	pthread_mutex_lock(&x->lock);
	if (x->n_idle < IDLE_MAX) {
		x->idle[x->n_idle++] = h;
		h = NULL;
	}
	pthread_mutex_unlock(&x->lock);
	curl_easy_cleanup(h);
}

static bool make_room(struct incoming *in, size_t n)
{
	size_t need = in->len + n + 1, size = in->size ? in->size : 4096;

	if (need <= in->size)
		return true;
	while (size < need)
		size *= 2;
	char *body = realloc(in->body, size);
	if (!body)
		return false;
	in->body = body;
	in->size = size;
	return true;
}

static bool is_good(CURL *h)
{
	long status = 0;

	return curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status / 100 == 2;
}

static size_t take_body(char *bytes, size_t one, size_t n, void *user)
{
	struct incoming *in = user;

	(void)one; /* always 1 */
	if (in->request->sink && is_good(in->handle)) {
		in->refused = !in->request->sink(in->request->sink_owner, bytes, n);
		return in->refused ? CURL_WRITEFUNC_ERROR : n;
	}
	in->too_large = n > in->max - in->len;
	in->no_memory = !in->too_large && !make_room(in, n);
	if (in->too_large || in->no_memory)
		return CURL_WRITEFUNC_ERROR;
	memcpy(in->body + in->len, bytes, n);
	in->len += n;
	return n;
}

static CURLcode set_options(CURL *h, const struct exchanger *x)
{
	CURLcode r = CURLE_OK;

#define SET(option, value) (r = r ? r : curl_easy_setopt(h, option, value))
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_TIMEOUT_MS, (long)x->timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)x->timeout_ms);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_USERAGENT, "pettrack/" PETTRACK_VERSION);
	SET(CURLOPT_MAXCONNECTS, 2L);
	if (x->ca_file)
		SET(CURLOPT_CAINFO, x->ca_file);
	return r;
}

static CURLcode set_request(CURL *h, const struct request *q, int64_t timeout_ms)
{
	CURLcode r = CURLE_OK;
	bool has_body =
		q->body || !strcmp(q->method, "POST") || !strcmp(q->method, "PUT") || !strcmp(q->method, "PATCH");

	SET(CURLOPT_URL, q->url);
	if (has_body) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
		SET(CURLOPT_POSTFIELDS, q->body ? q->body : "");
	} else if (!strcmp(q->method, "HEAD")) {
		SET(CURLOPT_NOBODY, 1L);
	}
	SET(CURLOPT_CUSTOMREQUEST, q->method);
	if (q->sink) { /* as long as it takes, while something comes */
		SET(CURLOPT_TIMEOUT_MS, 0L);
		SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
		SET(CURLOPT_LOW_SPEED_TIME, (long)(timeout_ms / 1000 + 1));
	}
	if (q->bearer) {
		SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		SET(CURLOPT_XOAUTH2_BEARER, q->bearer);
	}
	return r;
}
#undef SET

/* "name: value" at the list's end; the list is freed and NULL when memory is out, and once it is. */
static struct curl_slist *add_header(struct curl_slist *list, bool *failed, const char *name, const char *value)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s: %s", name, value);
	struct curl_slist *longer = *failed || n >= (int)sizeof(line) ? NULL : curl_slist_append(list, line);

	if (!longer) {
		*failed = true;
		curl_slist_free_all(list);
	}
	return longer;
}

static struct curl_slist *make_headers(const struct request *q)
{
	bool failed = false;
	struct curl_slist *list = add_header(NULL, &failed, "Accept", q->accept);

	list = add_header(list, &failed, "Expect", ""); /* an empty one is left out: no wait for "100 Continue" */
	list = add_header(list, &failed, "Content-Type", q->body ? q->content_type : "");
	return list;
}

static int perform(CURL *h, struct incoming *in, long *ret_status)
{
	char why[CURL_ERROR_SIZE] = "";

	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, in);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, why);
	CURLcode r = curl_easy_perform(h);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, ret_status);
	if (r == CURLE_OK)
		return make_room(in, 0) ? 0 : -ENOMEM;

	if (in->no_memory || r == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	if (in->refused)
		return -EPIPE;
	if (in->too_large) {
		last_error_set("the answer is larger than %zu bytes", in->max);
		return CLIENT_E_MALFORMED;
	}
	last_error_set("%s", why[0] ? why : curl_easy_strerror(r));
	return r == CURLE_URL_MALFORMAT ? -EINVAL : CLIENT_E_RETRY;
}

int exchange(struct exchanger *x, const struct request *q, struct answer *ret)
{
	struct incoming in = { .max = x->answer_max, .request = q };
	struct curl_slist *headers = make_headers(q);
	CURL *h = headers ? take_handle(x) : NULL;
	long status = 0;
	int r = -ENOMEM;

	in.handle = h;
	if (h && set_options(h, x) == CURLE_OK && set_request(h, q, x->timeout_ms) == CURLE_OK &&
		curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers) == CURLE_OK)
		r = perform(h, &in, &status);
	if (h)
		give_handle_back(x, h);
	curl_slist_free_all(headers);
	if (r) {
		free(in.body);
		return r;
	}
	in.body[in.len] = '\0';
	*ret = (struct answer){ .status = status, .body = in.body, .len = in.len };
	return 0;
}

static bool url_has(CURLU *u, CURLUPart part)
{
	char *value = NULL;
	bool has = curl_url_get(u, part, &value, 0) == CURLUE_OK && value[0] != '\0';

	curl_free(value);
	return has;
}

static bool is_http(CURLU *u)
{
	char *scheme = NULL;
	bool is = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		  (!strcmp(scheme, "http") || !strcmp(scheme, "https"));

	curl_free(scheme);
	return is;
}

int exchange_check_url(const char *url)
{
	CURLU *u = curl_url();

	if (!u)
		return -ENOMEM;
	CURLUcode parsed = curl_url_set(u, CURLUPART_URL, url, 0);
	bool ok = parsed == CURLUE_OK && is_http(u) && url_has(u, CURLUPART_HOST) && !url_has(u, CURLUPART_USER) &&
		  !url_has(u, CURLUPART_PASSWORD) && !url_has(u, CURLUPART_QUERY) && !url_has(u, CURLUPART_FRAGMENT);
	curl_url_cleanup(u);
	if (parsed == CURLUE_OUT_OF_MEMORY)
		return -ENOMEM;
	return ok ? 0 : -EINVAL;
}

char *exchange_escape(const char *s)
{
	char *escaped = curl_easy_escape(NULL, s, 0);
	char *copy = escaped ? strdup(escaped) : NULL;

	if (escaped)
		explicit_bzero(escaped, strlen(escaped));
	curl_free(escaped);
	return copy;
}

void exchange_free_secret(char *s)
{
	if (!s)
		return;
	explicit_bzero(s, strlen(s));
	free(s);
}
