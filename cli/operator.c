/* operator - one call of a client that lives as long. */
#include "cli/operator.h"

#include <errno.h>

int operator_post(const struct client_options *auth, const char *path, json_t *body, json_t **ret_answer)
{
	struct client *client;
	int r = body ? client_open(&client, auth) : -ENOMEM;

	if (r == 0) {
		r = client_call(client, "POST", path, body, NULL, ret_answer, NULL);
		client_close(client);
	}
	json_decref(body);
	return r;
}
