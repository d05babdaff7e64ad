/* What needs no mail server that works; those that do not are here, others in tests/system/test_accounts.py. */
#include "mail/smtp.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char message[] = "Subject: x\r\n\r\nx\r\n";

static const struct {
	const char *url, *address; /* @address NULL: refused */
} urls[] = {
	{ "smtp://127.0.0.1:2525", "127.0.0.1:2525" },
	{ "smtp://mail.example.org", "mail.example.org:25" },
	{ "smtps://mail.example.org", "mail.example.org:465" },
	{ "smtp://[::1]:587/here.example.org", "[::1]:587" },
	{ "http://mail.example.org", NULL },
	{ "smtp://us@mail.example.org", NULL },
	{ "smtp://us:secret@mail.example.org", NULL },
	{ "smtp://mail.example.org/?a=b", NULL },
	{ "smtp://", NULL },
	{ "", NULL },
};

START_TEST(url)
{
	struct smtp *s = NULL;
	int r = smtp_open(&s, &(struct smtp_options){ .url = urls[_i].url, .timeout_ms = 1000 });

	ck_assert_int_eq(r, urls[_i].address ? 0 : -EINVAL);
	if (r == 0)
		ck_assert_str_eq(smtp_address(s), urls[_i].address);
	else
		ck_assert_ptr_null(s);
	smtp_close(s);
}
END_TEST

/* ---- a server that says one line to everything ---- */

struct server {
	int listener;
	const char *answer; /* "": it closes at once; NULL: it says nothing */
	pthread_t thread;
	char url[64];
};

static void *serve(void *arg)
{
	struct server *s = arg;
	char line[512];
	int c;

	while ((c = accept(s->listener, NULL, NULL)) >= 0) {
		bool go_on = s->answer && s->answer[0] && write(c, s->answer, strlen(s->answer)) > 0;
		while ((go_on || !s->answer) && read(c, line, sizeof line) > 0)
			if (go_on && write(c, s->answer, strlen(s->answer)) < 0)
				break;
		close(c);
	}
	return NULL;
}

static void server_open(struct server *s, const char *answer)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;

	*s = (struct server){ .listener = socket(AF_INET, SOCK_STREAM, 0), .answer = answer };
	ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&at, n), 0);
	ck_assert_int_eq(listen(s->listener, 4), 0);
	ck_assert_int_eq(getsockname(s->listener, (struct sockaddr *)&at, &n), 0);
	snprintf(s->url, sizeof s->url, "smtp://127.0.0.1:%d", ntohs(at.sin_port));
	ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_close(struct server *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
}

static const char *const answers[] = {
	"", /* closes */
	"554 No SMTP service here\r\n",
	"421 Too busy\r\n",
	"HTTP/1.1 400 Bad Request\r\n\r\n",
};

/* None of them is the mail's fault. */
START_TEST(strange_servers_are_away)
{
	struct server server;
	struct smtp *s = NULL;

	server_open(&server, answers[_i]);
	ck_assert_int_eq(smtp_open(&s, &(struct smtp_options){ .url = server.url, .timeout_ms = 5000 }), 0);
	ck_assert_int_eq(smtp_check(s), SMTP_E_AWAY);
	ck_assert_str_ne(smtp_last_error(s), "");
	ck_assert_int_eq(smtp_send(s, "a@b", "c@d", message, sizeof message - 1), SMTP_E_AWAY);
	smtp_close(s);
	server_close(&server);
}
END_TEST

START_TEST(nobody_listens)
{
	struct server server;
	struct smtp *s = NULL;

	server_open(&server, "");
	server_close(&server);
	ck_assert_int_eq(smtp_open(&s, &(struct smtp_options){ .url = server.url, .timeout_ms = 5000 }), 0);
	ck_assert_int_eq(smtp_send(s, "a@b", "c@d", message, sizeof message - 1), SMTP_E_AWAY);
	smtp_close(s);
}
END_TEST

START_TEST(silence_has_an_end)
{
	struct server server;
	struct smtp *s = NULL;

	server_open(&server, NULL);
	ck_assert_int_eq(smtp_open(&s, &(struct smtp_options){ .url = server.url, .timeout_ms = 300 }), 0);
	ck_assert_int_eq(smtp_check(s), SMTP_E_AWAY);
	smtp_close(s);
	server_close(&server);
}
END_TEST

static bool at_once(void *owner)
{
	(*(int *)owner)++;
	return true;
}

START_TEST(the_end_of_the_program)
{
	struct server server;
	struct smtp *s = NULL;
	int asked = 0;

	server_open(&server, NULL);
	ck_assert_int_eq(
		smtp_open(&s,
			&(struct smtp_options){
				.url = server.url, .timeout_ms = 600000, .stopping = at_once, .owner = &asked }),
		0);
	ck_assert_int_eq(smtp_send(s, "a@b", "c@d", message, sizeof message - 1), SMTP_E_AWAY);
	ck_assert_int_ge(asked, 1);
	smtp_close(s);
	server_close(&server);
}
END_TEST

static const char *const no_addresses[] = { "", "x", "@", "a@", "@b", "a@b>\r\nRCPT TO:<c@d", "a b@c", "<a@b>", "ü@b" };

START_TEST(no_address)
{
	struct smtp *s = NULL;

	ck_assert_int_eq(smtp_open(&s, &(struct smtp_options){ .url = "smtp://127.0.0.1:1", .timeout_ms = 1000 }), 0);
	ck_assert_int_eq(smtp_send(s, "a@b", no_addresses[_i], message, sizeof message - 1), -EINVAL);
	ck_assert_int_eq(smtp_send(s, no_addresses[_i], "a@b", message, sizeof message - 1), -EINVAL);
	smtp_close(s);
}
END_TEST

#define LENGTH(a) ((int)(sizeof(a) / sizeof *(a)))

static Suite *suite(void)
{
	Suite *s = suite_create("lib/mail/smtp");
	TCase *t = tcase_create("smtp");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, url, 0, LENGTH(urls));
	tcase_add_loop_test(t, strange_servers_are_away, 0, LENGTH(answers));
	tcase_add_test(t, nobody_listens);
	tcase_add_test(t, silence_has_an_end);
	tcase_add_test(t, the_end_of_the_program);
	tcase_add_loop_test(t, no_address, 0, LENGTH(no_addresses));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
