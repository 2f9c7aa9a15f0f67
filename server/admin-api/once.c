/* once.c -- looking up the key, running, keeping the answer. */
#include "admin_api/once.h"

#include "admin_api/problem.h"
#include "base/digest.h"
#include "base/log.h"
#include "directory/idempotency.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 255 };

static void request_hash(const struct admin_call *call, unsigned char hash_out[SHA256_BYTES])
{
    struct sha256 *sha = sha256_new(call->arena);
    struct http_pair *queries;
    size_t count = http_queries(call->request, call->arena, &queries);

    sha256_add(sha, span_text(http_method(call->request)));
    sha256_add(sha, span_text(http_path(call->request)));
    for (size_t i = 0; i < count; i++) {
        sha256_add(sha, span_text(i == 0 ? "?" : "&"));
        sha256_add(sha, span_text(queries[i].name));
        sha256_add(sha, span_text("="));
        sha256_add(sha, span_text(queries[i].value));
    }
    sha256_add(sha, span_text(" "));
    sha256_add(sha, http_body(call->request));
    sha256_finish(sha, hash_out);
}

static bool answer_again(struct admin_call *call, unsigned status, const char *answer)
{
    call->out = answer ? json_loads(answer, 0, NULL) : NULL;
    call->status = status;
    http_reply_header(call->reply, "Idempotency-Replayed", "true");
    return true;
}

/* A refusal changed nothing, so the same key may try again; what may be done or not keeps its key. */
static void keep(const struct admin_call *call, const struct admin_route *route, const char *key,
                 bool is_done, const struct err *err)
{
    bool is_kept = is_done && !call->is_answered && !route->tells_secret;
    char *text = is_kept && call->out ? json_dumps(call->out, JSON_COMPACT) : NULL;
    int status = is_kept                               ? (int)(call->out ? call->status : 204)
                 : is_done || err->kind == ERR_UNKNOWN ? 0
                                                       : -1;
    struct err ignored = ERR_INIT;

    if (!idempotency_end(call->api->options.directory, call->actor.name, key, status, text, &ignored))
        log_err(LOG_LEVEL_WARNING, "admin.key", &ignored);
    free(text);
}

bool once_run(struct admin_call *call, const struct admin_route *route, struct err *err)
{
    const char *key = http_header(call->request, "Idempotency-Key"), *answer = NULL;
    unsigned char hash[SHA256_BYTES];
    enum idempotency what;
    unsigned status = 0;

    if (!key || route->takes_bytes || route->is_public || call_is_rehearsal(call))
        return route->run(call, err);
    if (*key == '\0' || strlen(key) > KEY_MAX)
        return err_set(err, ERR_INVALID, "An Idempotency-Key has 1 to %d bytes.", KEY_MAX);
    request_hash(call, hash);
    if (!idempotency_begin(call->api->options.directory, call->arena, call->actor.name, key, hash, &what,
                           &status, &answer, err))
        return false;
    if (what == IDEMPOTENCY_ENDED)
        return answer_again(call, status, answer);
    if (what != IDEMPOTENCY_NEW)
        return problem_set(call, what == IDEMPOTENCY_OTHER ? PROBLEM_KEY_REUSED : PROBLEM_KEY_BUSY, err);
    bool is_done = route->run(call, err);
    keep(call, route, key, is_done, err);
    return is_done;
}
