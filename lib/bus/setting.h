/*
 * bus/setting - the Kafka settings every program has, as rows for its table
 *
 *     static struct bus_config kafka = { .client = "pettrack-writer" };
 *     static struct bus_topics topics;
 *     static const struct setting settings[] = { BUS_TOPIC_SETTINGS(topics), BUS_SETTINGS(kafka), { 0 } };
 */
#pragma once

#include "bus/topics.h"
#include "service/service.h"

/* A setting_parser: what may stand before a topic's name, into a const char *. */
const char *bus_prefix_setting(const char *text, void *target, int64_t min, int64_t max);

#define BUS_TOPIC_SETTINGS(t)                                                                                          \
	{ "KAFKA_TOPIC_PREFIX", "", bus_prefix_setting, &(t).prefix, "put before every topic's name" },                \
		{ "KAFKA_PARTITIONS", "12", setting_int, &(t).partitions, "partitions of topics that are made", 1,     \
			10000 },                                                                                       \
		{ "KAFKA_REPLICATION", "1", setting_int, &(t).replication,                                             \
			"replicas of topics that are made; with 3 or more, two must be in sync", 1, 100 },             \
	{                                                                                                              \
		"KAFKA_CREATE_TOPICS", "true", setting_bool, &(t).create,                                              \
			"make topics that are not there; false: wait for them, not ready until then"                   \
	}

#define BUS_SETTINGS(c)                                                                                                \
	{ "KAFKA_BROKERS", "127.0.0.1:9092", setting_text, &(c).brokers, "Kafka bootstrap servers, host:port[,...]" }, \
		{ "KAFKA_SECURITY", "plaintext", setting_text, &(c).security,                                          \
			"plaintext, ssl, sasl_plaintext or sasl_ssl" },                                                \
		{ "KAFKA_SASL_MECHANISM", NULL, setting_text, &(c).sasl_mechanism,                                     \
			"PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512" },                                                     \
		{ "KAFKA_USERNAME", NULL, setting_text, &(c).sasl_username, "SASL user" },                             \
		{ "KAFKA_PASSWORD", NULL, setting_text, &(c).sasl_password, "SASL password",                           \
			.flags = SETTING_SECRET },                                                                     \
	{                                                                                                              \
		"KAFKA_CA_FILE", NULL, setting_text, &(c).ca_file, "CA certificates for ssl, PEM"                      \
	}
