/*
 * bus/setting - the Kafka settings every program has, as rows for its table
 *
 *     static struct bus_config kafka = { .client = "pettrack-writer" };
 *     static const struct setting settings[] = { BUS_SETTINGS(kafka), { 0 } };
 */
#pragma once

#include "bus/bus.h"
#include "service/service.h"

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
