/*
 * slapd_process.h -- OpenLDAP's slapd, which speaks LDAP for us (slapd/slapd.h): its settings written, started and started again, ended.
 *
 * It runs where `ldap` is set and the role web is among ours, at ports 389 and 636 (plus port_offset) of every address of `listen`, with
 * the default certificate. It has no data of its own and asks run/ldap.sock. A reload ends it where settings or the certificate have
 * changed, and it comes back with the new ones. Where it is not installed or does not start, everything else runs on, and
 * `chappe status` tells.
 *
 * Threads  the supervisor's one.
 */
#ifndef MAIN_SLAPD_PROCESS_H
#define MAIN_SLAPD_PROCESS_H

#include "main/config.h"

#include <jansson.h>

enum { SLAPD_PORT = 389, SLAPD_TLS_PORT = 636 };

struct slapd_process;

/* Not running. Under `owner`. */
struct slapd_process *slapd_process_new(const void *owner);
/* Looks whether it has ended, and starts it where it is wanted and due. */
void slapd_process_tend(struct slapd_process *slapd, const struct config *config, bool is_wanted);
/* The settings were read anew. */
void slapd_process_reload(struct slapd_process *slapd, const struct config *config);
/* SIGTERM, and waits: it has nothing to write. */
void slapd_process_stop(struct slapd_process *slapd);
/* For status; NULL where it is not wanted. */
json_t *slapd_process_json(const struct slapd_process *slapd);
/* Readable by slapd: the settings as a file of slapd.conf(5), under `owner`. */
char *slapd_settings(const void *owner, const struct config *config);

#endif
