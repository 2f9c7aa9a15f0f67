/*
 * supervisor.h -- the first process: starts PostgreSQL, brings the schema up to date, starts the roles, and starts
 * again what dies.
 *
 * SIGTERM and SIGINT stop everything, the private PostgreSQL last. SIGHUP reloads. `ready` is written to when all
 * roles answer for the first time, so that `start --detach` knows.
 */
#ifndef MAIN_SUPERVISOR_H
#define MAIN_SUPERVISOR_H

#include "main/config.h"

struct supervisor_options {
    const char *roles; /* NULL: the configuration's */
    int ready_fd;      /* -1: nobody waits */
};

/* Runs in the calling process, already with the server's privileges, until it was told to stop. Exit status. */
int supervisor_run(struct config *config, const struct supervisor_options *options);

#endif
