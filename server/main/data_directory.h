/*
 * data_directory.h -- what lies where below the data directory.
 *
 *     chappe.conf     settings (unless they stand elsewhere and name the directory)
 *     run/            sockets: admin.sock, lmtp.sock, <process>.ctl, wake/; supervisor.lock
 *     tls/            certificates and keys
 *     postgres/       the private PostgreSQL
 *     spool/          bodies on their way in; may be emptied while stopped
 *     log/            chappe.log, when started with --detach
 *
 * All belong to the server's user and to nobody else (mode 0700).
 */
#ifndef MAIN_DATA_DIRECTORY_H
#define MAIN_DATA_DIRECTORY_H

#include "main/config.h"

enum { DATA_DIRECTORY_KEY_ID = 17 };
/* One more key for secrets (base/sealing.h), the newest; its id with a NUL. */
MUST_CHECK bool data_directory_add_secret_key(const struct config *config, char id_out[DATA_DIRECTORY_KEY_ID],
                                              struct err *err);
/* Makes what is missing. As root, everything new is given to the configured user. */
MUST_CHECK bool data_directory_create(const struct config *config, struct err *err);
/* ERR_INVALID with the remedy where a part is missing, belongs to somebody else, is open to others, or its path is
 * too long for a socket. */
MUST_CHECK bool data_directory_check(const struct config *config, struct err *err);
/* One supervisor a directory: holds run/supervisor.lock until the process ends. ERR_CONFLICT while another has it. */
MUST_CHECK bool data_directory_lock(const struct config *config, struct err *err);
/* True while some supervisor holds the lock. */
bool data_directory_is_locked(const struct config *config);

#endif
