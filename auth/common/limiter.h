/*
 * limiter - how often one address, and whoever tries one account, may do what can be abused
 *
 * A token bucket for each limit and address (IPv4 /32, IPv6 /64), another for each limit and account. An attempt takes a
 * token from both; one that failed takes more, and from the sixth failure on the bucket is shut for a time that doubles with
 * each, up to a maximum. An account is any text, so one that does not exist has a bucket like any other.
 *
 * Nobody can lock an owner out who comes from where he has logged in lately: a success makes (account, address) a pair that
 * is known, and what comes from a known pair has a bucket of its own in place of the other two, so that neither the failures
 * of the world at this account nor those of a neighbour at this address count. From elsewhere he waits while the account is under
 * attack; a password reset, which proves that the mailbox is his, makes his new address known.
 *
 * Memory is bounded: each limit has tables of its own for addresses and for accounts, each of o.entries. Where a bucket is in them
 * depends on a secret of this process. In a full place the bucket that would be whole again soonest goes: it says least. So whoever
 * fills a table with fresh buckets pushes out such as those, never the one of an account under attack, which is emptier than
 * what one attempt leaves; to push that one out he must fail as often at thousands of others, and each failure costs him a bucket
 * of addresses and a password hash. Of known pairs the one that was longest not seen goes, and one account holds WAYS
 * at most, so no attacker's account pushes out everybody's.
 *
 * Per process, and forgotten at its end: N replicas let through N times as much, and each learns by itself who is known.
 *
 * Thread: any.
 */
#pragma once

#include "base/err.h"
#include "base/network.h"
#include "service/service.h"

#include <stdbool.h>
#include <stdint.h>

enum auth_limit {
	AUTH_LIMIT_LOGIN, /* account: the e-mail address */
	AUTH_LIMIT_PASSWORD, /* the password asked again of who is logged in; account: the user's id */
	AUTH_LIMIT_CODE, /* second factor and recovery codes; account: the user's id */
	AUTH_LIMIT_SIGN_UP,
	AUTH_LIMIT_MAIL, /* a mail that anybody can cause; account: the address it goes to */
	AUTH_LIMIT_SECRET, /* a secret out of a mail is shown: verify, reset, change of address */
	AUTH_LIMIT_LINK, /* a share link is opened; account: its token */
	AUTH_LIMIT_REFRESH,
	AUTH_LIMIT_CLIENT, /* a service shows its secret: failures only; account: its id */
	AUTH_LIMIT_CLAIM, /* the code of a tracker; account: the user's id */
	AUTH_LIMIT_SHARE, /* a device is shared with an address; account: the user's id */
	AUTH_LIMITS
};

enum limiter_kind { LIMITER_ADDRESS, LIMITER_ACCOUNT, LIMITER_KINDS };

/* @n attempts every @period_ms, and @burst at once. */
struct limit {
	int64_t n; /* 0: not limited */
	int64_t period_ms, burst;
};

struct limiter_options {
	struct limit limits[AUTH_LIMITS][LIMITER_KINDS];
	int64_t entries; /* of each table */
	int64_t failure_cost; /* attempts that a failed one counts as, 1 or more */
	int64_t backoff_ms, backoff_max_ms; /* the first and the longest shutting after failures */
	int64_t known_ms; /* how long a pair is known after a success; 0: never */
};

/* "30/1m" or "30/1m burst 60" into a struct limit; "0": not limited. For the settings table. */
const char *limit_setting(const char *text, void *target, int64_t min, int64_t max);

struct limiter;

/* Who attempts what. */
struct limiter_who {
	enum auth_limit what;
	struct address address; /* all of it */
	const char *account; /* NULL: none */
};

/* 0 or -ENOMEM. */
MUST_CHECK int limiter_open(struct limiter **ret, const struct limiter_options *o);
void limiter_close(struct limiter *l); /* accepts NULL */

/* Takes what an attempt costs; 0. Else nothing is taken, the result is how many milliseconds to wait, and *ret_kind what is
 * empty. @now_ms: of a clock that only goes forward, here and below. */
int64_t limiter_admit(struct limiter *l, const struct limiter_who *w, int64_t now_ms, enum limiter_kind *ret_kind);

/* How an attempt that was let in ended; at most one of them, and none where success means nothing. */
void limiter_failed(struct limiter *l, const struct limiter_who *w, int64_t now_ms);
void limiter_succeeded(struct limiter *l, const struct limiter_who *w, int64_t now_ms);
/* It was not made, for a reason of ours: what it took is given back. */
void limiter_refund(struct limiter *l, const struct limiter_who *w, int64_t now_ms);

/* "login"; for labels. */
const char *limiter_name(enum auth_limit what);

/* How many buckets gave way to others before they were whole. */
double limiter_pushed_out(const struct limiter *l);

/* One row: AUTH_LIMIT_LOGIN_ADDRESS. */
#define LIMIT_SETTING_(o, what, kind, fallback, help)                                                                  \
	{                                                                                                              \
		"AUTH_LIMIT_" #what "_" #kind, fallback, limit_setting,                                                \
			&(o).limits[AUTH_LIMIT_##what][LIMITER_##kind], help                                           \
	}

/* The rows of a settings table. */
#define LIMITER_SETTINGS(o)                                                                                            \
	LIMIT_SETTING_(o, LOGIN, ADDRESS, "60/1m burst 120",                                                           \
		"log-ins from one address (IPv6: /64), as NUMBER/TIME or NUMBER/TIME burst NUMBER; 0: any number"),    \
		LIMIT_SETTING_(o, LOGIN, ACCOUNT, "60/1h burst 30", "failed log-ins to one account from elsewhere"),   \
		LIMIT_SETTING_(o, PASSWORD, ACCOUNT, "60/1h burst 30", "passwords asked again of one user"),           \
		LIMIT_SETTING_(o, CODE, ADDRESS, "60/1m", "second-factor codes from one address"),                     \
		LIMIT_SETTING_(o, CODE, ACCOUNT, "10/1h burst 30", "second-factor codes for one account"),             \
		LIMIT_SETTING_(o, SIGN_UP, ADDRESS, "60/1h burst 30", "sign-ups from one address"),                    \
		LIMIT_SETTING_(o, MAIL, ADDRESS, "60/1h burst 30", "mails asked for from one address"),                \
		LIMIT_SETTING_(o, MAIL, ACCOUNT, "5/1h", "mails asked for to one e-mail address"),                     \
		LIMIT_SETTING_(o, SECRET, ADDRESS, "60/1m", "secrets out of mails shown from one address"),            \
		LIMIT_SETTING_(o, LINK, ADDRESS, "120/1m", "share links opened from one address"),                     \
		LIMIT_SETTING_(o, LINK, ACCOUNT, "1200/1h burst 100", "times that one share link is opened"),          \
		LIMIT_SETTING_(o, REFRESH, ADDRESS, "600/1m", "refresh tokens shown from one address"),                \
		LIMIT_SETTING_(o, CLIENT, ADDRESS, "60/1m", "wrong secrets of services from one address"),             \
		LIMIT_SETTING_(o, CLAIM, ADDRESS, "60/1m", "codes of trackers from one address"),                      \
		LIMIT_SETTING_(o, CLAIM, ACCOUNT, "60/1h", "codes of trackers from one user"),                         \
		LIMIT_SETTING_(o, SHARE, ADDRESS, "120/1h", "devices shared with others from one address"),            \
		LIMIT_SETTING_(o, SHARE, ACCOUNT, "60/1h", "devices shared with others by one user"),                  \
		{ "AUTH_LIMIT_ENTRIES", "32768", setting_int, &(o).entries,                                            \
			"addresses, and accounts, that each limit remembers, 40 bytes each", 16, 1 << 24 },            \
		{ "AUTH_LIMIT_FAILURE_COST", "5", setting_int, &(o).failure_cost,                                      \
			"attempts that a failed one counts as", 1, 1000 },                                             \
		{ "AUTH_LIMIT_BACKOFF", "1s", setting_duration, &(o).backoff_ms,                                       \
			"how long the sixth failure in a row shuts out, doubled by each more; 0: not", 0, 3600000 },   \
		{ "AUTH_LIMIT_BACKOFF_MAX", "5m", setting_duration, &(o).backoff_max_ms, "the same at most", 0,        \
			86400000 },                                                                                    \
	{                                                                                                              \
		"AUTH_LIMIT_KNOWN", "30d", setting_duration, &(o).known_ms,                                            \
			"how long an account's own limits count where it was logged in to; 0: not at all", 0,          \
			366LL * 86400000                                                                               \
	}
