/*
 * settings.h -- the options of an outbound as one call sees them: copied, complete with defaults, never changed.
 *
 * Ownership  counted; a reload makes another one while calls go on with theirs.
 */
#ifndef CONNECTOR_SETTINGS_H
#define CONNECTOR_SETTINGS_H

#include "base/tls.h"
#include "connector/outbound.h"

struct settings {
    struct dns *dns;
    const char *hostname;
    const char **names; /* hostname first, lower case; NULL-terminated */
    struct outbound_listener *listeners;
    size_t listener_count;
    const char *ca_file, *state_directory;
    uint16_t sts_port, mx_port;
    unsigned idle_seconds, idle_max, messages_max, addresses_max;
    struct outbound_timeouts timeouts;
    struct tls_client *tls;
    bool (*find_key)(void *arg, uint8_t key_out[32], struct err *err);
    void *find_key_arg;
};

/* A copy of the options with defaults in place of 0, with one reference. ERR_INVALID says what is wrong with them. */
MUST_CHECK bool settings_new(const struct outbound_options *options, struct settings **settings_out,
                             struct err *err);
/* One more reference, for work that must not see a reload. Any thread. */
void settings_hold(struct settings *settings);
/* Gives one back; the last one frees. Accepts and sets NULL. Any thread. */
void settings_release(struct settings **settings);

/* Is this name one of ours? ASCII case and a final dot do not matter. */
bool settings_name_is_ours(const struct settings *settings, const char *name);
/* Would a connection to this address and port reach ourselves? */
bool settings_address_is_ours(const struct settings *settings, const struct net_address *address);

#endif
