/*
 * check.h -- what `chappe check` looks at. Each line is good, or says what to do.
 */
#ifndef MAIN_CHECK_H
#define MAIN_CHECK_H

#include "main/config.h"

#include <jansson.h>

struct storage;
struct directory;

/* What only the server's own process can see: databases, their settings and schema, DNS of the domains. */
void check_server(const struct config *config, struct storage *storage, json_t *lines);
/* The DNS as the server's own resolver sees it: our name, the own domains, whether answers are validated. */
void check_dns(const struct config *config, struct directory *directory, json_t *lines);
/* What the command sees without the server: files, permissions, certificates, ports. */
void check_files(const struct config *config, json_t *lines);

/* Adds {"what", "is_good", "text", "remedy"}. `remedy` NULL: none needed. */
void check_add(json_t *lines, const char *what, bool is_good, const char *text, const char *remedy);

#endif
