/* viewer_auth - tokens: the first, and those that come on the open socket before the first ends */
#include "base/clock.h"
#include "base/guesses.h"
#include "base/time.h"
#include "query/live/hub_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_WAIT_MS = 2000 };

struct check {
	struct work work;
	struct viewer *viewer;
	struct live_shared *shared;
	struct address from;
	struct token_claims claims;
	int result; /* -EUSERS: the address has shown too many that were none */
	size_t n;
	char token[];
};

const char *offered_token(const char *offered, size_t *ret_n)
{
	static const char mark[] = "bearer.";

	while (*offered) {
		offered += strspn(offered, ", \t");
		size_t n = strcspn(offered, ", \t");
		if (n > sizeof(mark) - 1 && strncmp(offered, mark, sizeof(mark) - 1) == 0) {
			*ret_n = n - (sizeof(mark) - 1);
			return offered + sizeof(mark) - 1;
		}
		offered += n;
	}
	return NULL;
}

static json_t *with_expiry(const struct viewer *v, const char *type)
{
	char text[TIME_TEXT_SIZE];

	time_format(text, v->expires_ms);
	return json_pack("{ss ss}", "type", type, "expires", text);
}

void viewer_note_expiring(struct viewer *v)
{
	viewer_note(v, with_expiry(v, "expiring"));
}

/* ---- what the check says ---- */

static bool join_user(struct viewer *v, const struct token_claims *claims)
{
	struct hub *h = v->hub;
	struct hub_user *u = UUID_MAP_FIND(&h->users, &claims->subject, struct hub_user, link);

	if (!u) {
		u = calloc(1, sizeof(*u));
		if (!u)
			return false;
		u->link.key = claims->subject;
		LIST_INIT(&u->viewers);
		uuid_map_add(&h->users, &u->link);
	}
	v->user = claims->subject;
	LIST_INSERT_HEAD(&u->viewers, v, of_user);
	return true;
}

static bool admit_user(struct viewer *v, const struct token_claims *claims)
{
	struct live_shared *s = v->hub->shared;

	if (!counts_enter(s->users, &claims->subject, s->o.connections_per_user)) {
		viewer_close(v, 4429, "user", "too many connections of this user");
		return false;
	}
	if (!join_user(v, claims)) {
		counts_leave(s->users, &claims->subject);
		viewer_close(v, 1013, "memory", "try again later");
		return false;
	}
	v->state = VIEWER_OPEN;
	return true;
}

static void accept(struct viewer *v, const struct token_claims *claims)
{
	if (v->state == VIEWER_NEW && !admit_user(v, claims))
		return;
	if (!uuid_same(&v->user, &claims->subject)) {
		viewer_close(v, 4401, "not_authenticated", "the token is somebody else's");
		return;
	}
	v->session = claims->session;
	v->expires_ms = claims->expires_s * 1000;
	v->expiring_told = false;
	/* Ended before the client was on the list of its user's, and after the worker looked. */
	if (access_session_ended(v->hub->shared->o.access, &v->session))
		viewer_close(v, 4401, "revoked", "the session was ended");
	else
		viewer_note(v, with_expiry(v, "authenticated"));
}

static void refuse(struct viewer *v, int result)
{
	if (result == -EUSERS)
		viewer_close(v, 4429, "guesses", "too many wrong tokens from this address");
	else if (result < 0)
		viewer_close(v, 1013, "unavailable", "tokens cannot be checked now");
	else if (result == TOKEN_E_EXPIRED)
		viewer_close(v, 4401, "expired", "the token has expired");
	else
		viewer_close(v, 4401, "not_authenticated", "the token is not valid");
}

/* ---- the check ---- */

static int verify(struct check *k, const struct live_options *o)
{
	struct guesses *g = token_is_personal(k->token, k->n) ? o->guesses : NULL;

	if (guesses_wait_ms(g, &k->from, clock_mono_ms()) > 0)
		return -EUSERS;
	int r = keys_verify(o->keys, k->token, k->n, KEYS_WAIT_MS, &k->claims);
	if (r == TOKEN_E_MALFORMED)
		guesses_wrong(g, &k->from, clock_mono_ms());
	return r;
}

static void run_check(struct work *w)
{
	struct check *k = (struct check *)w;
	const struct live_options *o = &k->shared->o;

	k->result = verify(k, o);
	if (k->result == 0 &&
		(k->claims.service || !token_may(&k->claims, "positions.read"))) /* watches nothing of its own */
		k->result = TOKEN_E_MALFORMED;
	if (k->result == 0 && access_session_ended(o->access, &k->claims.session))
		k->result = TOKEN_E_EXPIRED;
}

static void check_done(struct work *w)
{
	struct check *k = (struct check *)w;
	struct viewer *v = k->viewer;

	if (viewer_worked(v, TASK_TOKEN)) {
		if (v->state == VIEWER_CLOSING)
			; /* too late to matter */
		else if (k->result == 0)
			accept(v, &k->claims);
		else
			refuse(v, k->result);
		viewer_go_on(v);
	}
	memset(k->token, 0, k->n);
	free(k);
}

void viewer_authenticate(struct viewer *v, const char *token, size_t n)
{
	struct check *k = n < TOKEN_SIZE_MAX ? calloc(1, sizeof(*k) + n) : NULL;

	if (!k) {
		viewer_close(v, 4401, "not_authenticated", "the token is not valid");
		return;
	}
	k->viewer = v;
	k->shared = v->hub->shared;
	memcpy(k->from.b, v->address.b, sizeof k->from.b);
	k->n = n;
	memcpy(k->token, token, n);
	viewer_work(v, TASK_TOKEN, &k->work, run_check, check_done);
}
