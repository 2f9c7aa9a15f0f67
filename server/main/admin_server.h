/*
 * admin_server.h -- the admin API on a Unix socket, as the web role and the offline helper serve it.
 */
#ifndef MAIN_ADMIN_SERVER_H
#define MAIN_ADMIN_SERVER_H

#include "main/config.h"

struct storage;
struct admin_api;
struct admin_server;

/* Listens on `path`, mode 0600: root and the server's own user. */
MUST_CHECK bool admin_server_start(const struct config *config, struct storage *storage, const char *path,
                                   struct admin_server **server_out, struct err *err);
/* The size of a message that may be imported, and what `check` looks at. `config` lives as long as the server. */
void admin_server_reload(struct admin_server *server, const struct config *config);
/* For those who call from afar; lives as long as the server. */
struct admin_api *admin_server_api(const struct admin_server *server);
/* Accepts and sets NULL. */
void admin_server_stop(struct admin_server **server);

#endif
