/*
 * offline.h -- the admin API while no server runs: a helper process for the duration of one command.
 */
#ifndef MAIN_OFFLINE_H
#define MAIN_OFFLINE_H

#include "main/config.h"

struct offline;

/* False where a supervisor runs that serves the API itself. */
bool offline_needed(const struct config *config);
/* Forks; waits until the helper is ready (PostgreSQL started, schema up to date) or says why it cannot. */
MUST_CHECK bool offline_start(const struct config *config, struct offline **offline_out, struct err *err);
/* Where the helper serves the API; the handle's. */
const char *offline_socket(const struct offline *offline);
/* The helper stops PostgreSQL where it had started it, and ends. Accepts and sets NULL. */
void offline_stop(struct offline **offline);

#endif
