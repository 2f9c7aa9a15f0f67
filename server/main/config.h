/*
 * config.h -- chappe.conf: what an administrator may set, with a default for everything.
 *
 * The file is lines of `key = value`; `#` starts a comment at the beginning of a line. Every key is one row of
 * config_keys(), from which the file written by `chappe init`, the manual page and the checks come. An unknown
 * key, a key given twice and a value out of its range are refused with the line number: a typing mistake must
 * not quietly become a default.
 *
 * Ownership  config_read() gives a talloc object; all strings belong to it.
 * Threads    read-only once read; a reload reads a new one.
 */
#ifndef MAIN_CONFIG_H
#define MAIN_CONFIG_H

#include "base/err.h"
#include "base/log.h"

#include <stddef.h>
#include <stdint.h>

enum bare_newline { BARE_NEWLINE_REJECT, BARE_NEWLINE_NORMALIZE };

struct config {
    const char *file; /* where it was read from; absolute */
    const char *data; /* the data directory; absolute */

    const char *user;
    const char *hostname; /* never empty: the machine's name where none is set */
    const char *listen;   /* addresses separated by spaces */
    int64_t port_offset;
    const char *roles;
    int plaintext_login; /* enum plaintext_login of session/server.h */
    int log_level;       /* enum log_level */
    int64_t watchdog_s;

    const char *directory; /* "embedded" or a libpq conninfo */
    const char *postgresql_binaries;
    int64_t database_connections;

    const char *tls_certificate, *tls_key, *tls_certificates; /* absolute */

    const char *login_domain;
    int own_password;             /* 0: not where there is a second factor, 1: always */
    const char *kerberos_realms;  /* "": tickets are not taken */
    const char *kerberos_keytabs; /* absolute */
    int kerberos_rc4;             /* 0: no, 1: yes */

    int64_t max_message_size, max_recipients;
    int64_t max_connections, max_connections_per_address, max_connection_rate;
    int64_t max_errors;
    int64_t max_script_size;
    int64_t search_time_s;
    int bare_newline; /* enum bare_newline */
    const char *trusted_proxies, *relay_from, *report_networks, *picture_networks, *push_networks;
    const char *jmap_origins;
    int ldap;                      /* 0: no, 1: yes */
    const char *ldap_organisation; /* "": nobody's list is there without a login */
    const char *front_ends;        /* "": where they usually are */

    int64_t workers, reactors;
    int64_t view_cache, body_cache;
    int64_t recoverable_s, disk_reserve;
    int attachment_text; /* 0: no, 1: yes */
    int64_t attachment_size, attachment_memory, attachment_time_s;
    int64_t trace_days;
    int trace_subjects; /* 0: no, 1: yes */

    const char *dns, *trust_anchor, *trusted_certificates; /* "": the system's, none, the system's */
    int64_t queue_lifetime_s, delay_warning_s, retry_min_s, retry_max_s, undo_window_s;
    int64_t outbound_threads, outbound_per_destination, outbound_port, outbound_greeting_s;
};

enum config_type { CONFIG_TEXT, CONFIG_PATH, CONFIG_NUMBER, CONFIG_SIZE, CONFIG_DURATION, CONFIG_CHOICE };

struct config_key {
    const char *name;
    enum config_type type;
    size_t offset; /* into struct config */
    const char *standard;
    int64_t least, most; /* of numbers, bytes or seconds */
    const char *choices; /* "never loopback always": the index is the value */
    bool is_reloadable;  /* `chappe reload` is enough */
    const char *section; /* the first key of a section names it, for the file and the manual */
    const char *meaning; /* whole sentences */
};

/* All keys that chappe.conf knows, in the order of the manual page. Static. */
const struct config_key *config_keys(size_t *count_out);

/* Reads FILE. Paths in it are relative to the data directory, which is the file's `data` key or, without one, the
 * directory that the file stands in. ERR_NOT_FOUND without a file, ERR_INVALID with the line number. */
MUST_CHECK bool config_read(const void *owner, const char *file, struct config **config_out, struct err *err);

/* Puts back what only a restart changes: `fresh`, read for a reload, gets those values of `running`. The names of the
 * settings that would have changed, separated by ", ", under `fresh`; NULL: none. */
const char *config_keep(struct config *fresh, const struct config *running);

/* Writes a commented file with every key: those in `values` (pairs "key", "value", ..., NULL) are set, the others
 * stand there as comments with their defaults. ERR_EXISTS where the file is there already. */
MUST_CHECK bool config_write(const char *file, const char *const *values, struct err *err);

/* A path inside the data directory: config_path(owner, config, "run/admin.sock"). */
char *config_path(const void *owner, const struct config *config, const char *relative);

/* "10M", "512K", "1G", "100": bytes. "30s", "5m", "14d", "8h", "90": seconds. False for anything else. */
MUST_CHECK bool config_size(const char *text, int64_t *bytes_out);
/* The same for durations, in seconds. */
MUST_CHECK bool config_duration(const char *text, int64_t *seconds_out);

#endif
