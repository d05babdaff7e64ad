/* requests - what phones send, for the tests of protocols over HTTP */
#pragma once

/* A GET of @target, or a POST of @body unless that is NULL. @headers end with CR LF each. Valid until the next call. */
const char *request(const char *target, const char *headers, const char *body);
