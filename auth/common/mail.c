/* mail - queueing, and the thread that sends. */
#include "auth/common/mail.h"
#include "auth/common/check.h"
#include "auth/common/mail_box.h"
#include "auth/common/turn.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "mail/smtp.h"
#include "service/dependency.h"
#include "service/health.h"
#include "service/log.h"
#include "service/metrics.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	IDLE_MS = 1000,
	LOOK_MS = 60000, /* how often the server is asked when there is nothing to send */
	WAIT_MAX_MS = 15 * 60000,
	BEAT_MS = 60000,
};

struct mailer {
	struct mail_box box;
	struct smtp *smtp; /* NULL: no mail server */
	char from[EMAIL_SIZE];
	int64_t age_ms, tries_max, claim_ms;
	bool there; /* at the last look */
	int64_t look_due_ms;
	struct backoff backoff;
	struct mail_item item; /* the thread's; large */

	pthread_t thread;
	struct turn turn;
	struct heartbeat *heartbeat;
	struct dependency *server;
	struct metric *queued, *handled;
};

int mail_prepare(struct store *s)
{
	return mail_box_prepare(s);
}

bool mail_configured(const struct mailer *m)
{
	return m && m->smtp;
}

/* ---- options ---- */

/* "pettrack@HOST" of http(s)://HOST[:PORT][/PATH]. */
static const char *from_host_of(const char *url)
{
	static char from[EMAIL_SIZE];
	const char *host = strstr(url, "://") + 3;

	int n = snprintf(from, sizeof from, "pettrack@%.*s", (int)strcspn(host, ":/"), host);
	return n < (int)sizeof from ? from : "";
}

static bool is_address(const char *text)
{
	char copy[EMAIL_SIZE];
	json_t *v = json_string(text);
	bool good = check_email(v, copy);

	json_decref(v);
	return good;
}

const char *mail_complete(struct mail_options *o, const char *public_url)
{
	if (!o->smtp_url)
		return NULL;
	if (strncmp(o->smtp_url, "smtp://", 7) != 0 && strncmp(o->smtp_url, "smtps://", 8) != 0)
		return "AUTH_SMTP_URL must be smtp://HOST[:PORT] or smtps://HOST[:PORT]";
	if (strpbrk(o->smtp_url, "@?#"))
		return "AUTH_SMTP_URL has more than host and port: name and password go into AUTH_SMTP_USER and "
		       "AUTH_SMTP_PASSWORD";
	if (!public_url)
		return "AUTH_SMTP_URL needs AUTH_PUBLIC_URL: where people open the page, which links in mails lead to";
	if (!o->from)
		o->from = from_host_of(public_url);
	return is_address(o->from) ? NULL : "AUTH_MAIL_FROM must be an e-mail address, such as pettrack@example.org";
}

/* ---- queueing ---- */

/* A link that is good no more is no reason for a mail. */
static int64_t end_of(const struct mailer *m, int64_t now_ms, const struct mail_values *v)
{
	int64_t end = now_ms + m->age_ms;

	return v->expires_ms && v->expires_ms < end ? v->expires_ms : end;
}

int mail_queue(struct mailer *m, enum mail_kind kind, const char *to, const struct mail_values *v)
{
	char message[MAIL_MESSAGE_SIZE];

	if (!mail_configured(m))
		return 0;
	struct mail_head head = { .from = m->from, .to = to, .date_ms = clock_real_ms() };
	int r = uuid_random(&head.id);
	if (r == 0 && !mail_write(message, sizeof message, kind, &head, v))
		r = -EINVAL;
	if (r == 0)
		r = mail_box_put(&m->box, kind, &head, message, end_of(m, head.date_ms, v));
	sodium_memzero(message, sizeof message);
	if (r == 0) {
		metric_add(m->queued, (const char *const[]){ mail_kind_name(kind) }, 1);
		turn_wake(&m->turn);
	}
	return r;
}

/* ---- one mail ---- */

static void count(const struct mailer *m, const char *result)
{
	metric_add(m->handled, (const char *const[]){ result }, 1);
}

/* Not stored: it is due again when the claim ends, and goes out once more. */
static void say(const char *doing, int r)
{
	if (r)
		log_warn("mail not marked", LOG_S("as", doing), LOG_I("result", r));
}

static void drop(struct mailer *m, const char *result)
{
	count(m, result);
	if (strcmp(result, "sent") != 0)
		log_warn("mail dropped", LOG_S("reason", result), LOG_S("error", smtp_last_error(m->smtp)));
	say(result, mail_box_remove(&m->box, &m->item));
}

/* 1 s, 2 s, 4 s... */
static int64_t wait_after(int64_t tries)
{
	int64_t wait = 1000;

	while (--tries > 0 && wait < WAIT_MAX_MS)
		wait *= 2;
	return wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
}

static void put_off(struct mailer *m)
{
	if (m->item.tries >= m->tries_max) {
		drop(m, "gave_up");
		return;
	}
	count(m, "put_off");
	say("put off", mail_box_put_back(&m->box, &m->item, wait_after(m->item.tries), true));
}

/* What the server said of the claimed mail. Returns whether the server is there. */
static bool settle(struct mailer *m, int r)
{
	switch (r) {
	case 0:
		drop(m, "sent");
		break;
	case SMTP_E_LATER:
		put_off(m);
		break;
	case SMTP_E_REFUSED:
	case -EINVAL:
		drop(m, "refused");
		break;
	default: /* away, or no memory here */
		say("waiting", mail_box_put_back(&m->box, &m->item, 0, false));
		return false;
	}
	return true;
}

/* What the server need not be asked about. Returns whether that was so. */
static bool settle_unsent(struct mailer *m)
{
	if (m->item.none)
		say("none", mail_box_remove(&m->box, &m->item));
	else if (m->item.expired)
		drop(m, "expired");
	else if (!m->item.readable)
		drop(m, "unreadable");
	else
		return false;
	return true;
}

/* ---- the thread ---- */

static void note(struct mailer *m, bool there)
{
	m->there = there;
	m->look_due_ms = clock_mono_ms() + LOOK_MS;
	dependency_set(m->server, there, smtp_last_error(m->smtp));
	if (there)
		backoff_reset(&m->backoff);
}

/* Nothing is due. Returns how long to wait. */
static int64_t look(struct mailer *m)
{
	if (!m->there || clock_mono_ms() >= m->look_due_ms)
		note(m, smtp_check(m->smtp) == 0);
	return m->there ? IDLE_MS : backoff_next(&m->backoff);
}

/* Sends what is due: while the server is away, one now and then. Returns how long to wait. */
static int64_t work(struct mailer *m)
{
	while (!turn_stopping(&m->turn)) {
		heartbeat_beat(m->heartbeat);
		int r = mail_box_claim(&m->box, m->claim_ms, &m->item);
		if (r == -EBADMSG)
			log_error("mail cannot be read", LOG_I("result", r)); /* met again when the claim ends */
		else if (r)
			return look(m); /* none is left, or MongoDB is away, which upkeep tells */
		if (r || settle_unsent(m))
			continue;
		note(m, settle(m, smtp_send(m->smtp, m->from, m->item.to, m->item.message, m->item.len)));
		if (!m->there)
			return backoff_next(&m->backoff);
	}
	return 0;
}

static void *run(void *arg)
{
	struct mailer *m = arg;

	while (turn_wait(&m->turn, work(m)))
		;
	return NULL;
}

/* ---- life ---- */

static bool stopping(void *owner)
{
	return turn_stopping(&((struct mailer *)owner)->turn);
}

static int open_smtp(struct mailer *m, const struct mail_options *o)
{
	return smtp_open(&m->smtp, &(struct smtp_options){ .url = o->smtp_url,
					   .user = o->smtp_user,
					   .password = o->smtp_password,
					   .ca_file = o->smtp_ca_file,
					   .starttls = o->smtp_starttls,
					   .timeout_ms = o->smtp_timeout_ms,
					   .stopping = stopping,
					   .owner = m });
}

static void register_metrics(struct mailer *m, const struct mail_options *o)
{
	static const char *const kind[] = { "kind", NULL }, *const result[] = { "result", NULL };

	m->heartbeat = heartbeat_new("mail", BEAT_MS + 2 * o->smtp_timeout_ms + 2 * store_patience_ms(o->store));
	m->server = dependency_new("smtp", smtp_address(m->smtp), DEPENDENCY_NEVER);
	m->queued = metric_counter("pettrack_auth_mails_queued_total", "Mails written, to be sent.", kind);
	m->handled = metric_counter("pettrack_auth_mails_total", "Mails handed to the mail server, by result.", result);
}

static int open_sender(struct mailer *m, const struct mail_options *o)
{
	if (strlen(o->from) >= sizeof m->from)
		return -EINVAL;
	memcpy(m->from, o->from, strlen(o->from) + 1);
	memcpy(m->box.key, o->master->mail, sizeof m->box.key);
	int r = open_smtp(m, o);
	if (r == -EINVAL)
		log_error("AUTH_SMTP_URL is no URL of a mail server", LOG_S("url", o->smtp_url));
	if (r)
		return r;
	register_metrics(m, o);
	/* Longer than a mail takes, so that nobody else sends it meanwhile. */
	m->claim_ms = 2 * o->smtp_timeout_ms + store_patience_ms(o->store);
	backoff_seed(&m->backoff);
	r = -pthread_create(&m->thread, NULL, run, m);
	if (r) {
		smtp_close(m->smtp);
		m->smtp = NULL;
	}
	return r;
}

int mail_open(struct mailer **ret, const struct mail_options *o)
{
	struct mailer *m = calloc(1, sizeof *m);

	if (!m)
		return -ENOMEM;
	m->box.store = o->store;
	m->age_ms = o->age_ms;
	m->tries_max = o->tries_max;
	turn_init(&m->turn);
	int r = o->smtp_url ? open_sender(m, o) : 0;
	if (r) {
		mail_close(m);
		return r;
	}
	*ret = m;
	return 0;
}

void mail_close(struct mailer *m)
{
	if (!m)
		return;
	if (m->smtp) {
		turn_stop(&m->turn);
		pthread_join(m->thread, NULL);
		smtp_close(m->smtp);
	}
	turn_destroy(&m->turn);
	sodium_memzero(m, sizeof *m);
	free(m);
}
