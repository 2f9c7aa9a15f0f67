#include "main/web_state.h"

#include "base/clock.h"
#include "main/control.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { ROLE_MS = 2000 };

struct web_state {
    pthread_mutex_t lock; /* over all below, and while somebody asks: the others want the same answer */
    json_t *roles;
    int64_t until_us; /* monotonic */
};

struct web_state *web_state_new(void)
{
    struct web_state *state = calloc(1, sizeof *state);

    if (!state)
        abort();
    pthread_mutex_init(&state->lock, NULL);
    return state;
}

void web_state_free(struct web_state **state)
{
    if (*state) {
        json_decref((*state)->roles);
        pthread_mutex_destroy(&(*state)->lock);
    }
    free(*state);
    *state = NULL;
}

char *web_state_ask(void *arena, const struct config *config, const char *process, const char *what)
{
    char *path = talloc_asprintf(arena, "%s/run/%s.ctl", config->data, process), *answer;
    struct err err = ERR_INIT;

    return control_ask(arena, path, what, ROLE_MS, &answer, &err) ? answer : NULL;
}

static bool is_well(void *arena, const struct config *config, const char *role)
{
    char *answer = web_state_ask(arena, config, role, "status");

    return answer && strstr(answer, "\"database\":\"up\"");
}

static json_t *ask_all(const struct config *config)
{
    void *arena = talloc_new(NULL);
    char *answer = web_state_ask(arena, config, "supervisor", "status");
    json_t *status = answer ? json_loads(answer, 0, NULL) : NULL, *roles = json_array(), *role;
    size_t i;

    json_array_foreach(json_object_get(status, "roles"), i, role)
    {
        const char *name = json_string_value(json_object_get(role, "name"));
        json_array_append_new(
            roles, json_pack("{s:s, s:b}", "name", name, "is_well", (int)is_well(arena, config, name)));
    }
    if (!status) {
        json_decref(roles);
        roles = json_null();
    }
    json_decref(status);
    talloc_free(arena);
    return roles;
}

json_t *web_state_now(struct web_state *state, const struct config *config)
{
    json_t *roles;

    pthread_mutex_lock(&state->lock);
    if (!state->roles || clock_monotonic_us() >= state->until_us) {
        json_decref(state->roles);
        state->roles = ask_all(config);
        state->until_us = clock_monotonic_us() + US_PER_S;
    }
    roles = json_incref(state->roles);
    pthread_mutex_unlock(&state->lock);
    return roles;
}
