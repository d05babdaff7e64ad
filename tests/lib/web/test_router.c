#include "web/router.h"
#include "tests/lib/unit.h"

#include <string.h>

static const struct web_route table[] = {
	{ .method = "GET", .path = "/v1/devices" },
	{ .method = "POST", .path = "/v1/devices" },
	{ .method = "GET", .path = "/v1/devices/mine" },
	{ .method = "GET", .path = "/v1/devices/{id}" },
	{ .method = "PATCH", .path = "/v1/devices/{id}" },
	{ .method = "POST", .path = "/v1/devices/{id}/secret" },
	{ .method = "GET", .path = "/v1/{kind}/{id}/x" },
	{ 0 },
};

static struct path path;

static const struct path *split(const char *raw)
{
	ck_assert_int_eq(path_split(&path, raw), 0);
	return &path;
}

static const struct {
	const char *method, *path;
	int row; /* -1: none */
} rows[] = {
	{ "GET", "/v1/devices", 0 },
	{ "HEAD", "/v1/devices", 0 },
	{ "POST", "/v1/devices", 1 },
	{ "GET", "/v1/devices/mine", 2 },
	{ "GET", "/v1/devices/abc", 3 },
	{ "GET", "/v1/devices/a%2Fb", 3 },
	{ "PATCH", "/v1/devices/mine", 4 },
	{ "POST", "/v1/devices/abc/secret", 5 },
	{ "GET", "/v1/a/b/x", 6 },
	{ "PUT", "/v1/devices", -1 },
	{ "GET", "/v1/devices/", -1 },
	{ "GET", "/v1//devices", -1 },
	{ "GET", "/V1/devices", -1 },
	{ "GET", "/v1/devices/abc/secret/x", -1 },
	{ "GET", "/v1", -1 },
	{ "GET", "/", -1 },
	{ "get", "/v1/devices", -1 },
};

START_TEST(finding)
{
	ck_assert_ptr_eq(route_find(table, rows[_i].method, split(rows[_i].path)),
		rows[_i].row < 0 ? NULL : &table[rows[_i].row]);
}
END_TEST

START_TEST(methods_of_a_path)
{
	char buf[64];
	struct text t = text_in(buf, sizeof buf);

	ck_assert(route_methods(&t, table, split("/v1/devices/mine")));
	ck_assert_str_eq(buf, "GET, HEAD, PATCH");
	t = text_in(buf, sizeof buf);
	ck_assert(!route_methods(&t, table, split("/nothing")));
	ck_assert(!route_methods(&t, NULL, split("/nothing")));
	ck_assert_str_eq(buf, "");
}
END_TEST

START_TEST(parameters_by_name)
{
	const struct path *p = split("/v1/cats/tom%20cat/x");

	ck_assert_str_eq(route_parameter(table[6].path, p, "kind"), "cats");
	ck_assert_str_eq(route_parameter(table[6].path, p, "id"), "tom cat");
	ck_assert_ptr_null(route_parameter(table[6].path, p, "v1"));
	ck_assert_ptr_null(route_parameter(table[6].path, p, "{id}"));
}
END_TEST

START_TEST(routes_as_json)
{
	const struct web_route *const tables[] = { table, NULL };
	char *text = web_routes_json(tables, 2);
	json_t *list = json_loads(text, 0, NULL);

	ck_assert_uint_eq(json_array_size(list), 7);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 5), "method")), "POST");
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(list, 5), "path")), "/v1/devices/{id}/secret");
	json_decref(list);
	free(text);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("router");
	TCase *c = tcase_create("router");

	tcase_add_loop_test(c, finding, 0, sizeof rows / sizeof *rows);
	tcase_add_test(c, methods_of_a_path);
	tcase_add_test(c, parameters_by_name);
	tcase_add_test(c, routes_as_json);
	suite_add_tcase(s, c);
	return s;
}
UNIT_MAIN(suite)
