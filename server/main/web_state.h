/*
 * web_state.h -- how the roles of this machine are, asked at most once a second however many want to know.
 *
 * Threads  web_state_now() from any; new and free from one.
 */
#ifndef MAIN_WEB_STATE_H
#define MAIN_WEB_STATE_H

#include "main/config.h"

#include <jansson.h>

struct web_state;

/* Nobody has been asked yet. */
struct web_state *web_state_new(void);
/* [{"name": "smtp", "is_well": true}, ...], at most a second old; a reference for the caller. JSON null where the supervisor does
 * not answer. Waits, 2 s a role at most, while they are asked. */
json_t *web_state_now(struct web_state *state, const struct config *config);
/* Accepts and sets NULL. */
void web_state_free(struct web_state **state);

/* What a process of ours answers on its control socket; NULL where it does not within 2 s. Memory of `arena`. */
char *web_state_ask(void *arena, const struct config *config, const char *process, const char *what);

#endif
