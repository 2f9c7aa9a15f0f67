/* problem.c -- the table of refusals. */
#include "admin_api/problem.h"

#include "admin_api/language.h"
#include "base/log.h"

#include <stdlib.h>
#include <talloc.h>

struct row {
    unsigned status;
    const char *en, *fr; /* the title */
};

static const struct row rows_of_kinds[ERR_KINDS] = {
    [ERR_NONE] = { 200, "Done", "Fait" },
    [ERR_NOT_FOUND] = { 404, "Not found", "Introuvable" },
    [ERR_EXISTS] = { 409, "Taken already", "Déjà pris" },
    [ERR_DENIED] = { 403, "Not allowed", "Non autorisé" },
    [ERR_AUTH] = { 401, "Log in first", "Connexion nécessaire" },
    [ERR_EXPIRED] = { 403, "Password expired", "Mot de passe expiré" },
    [ERR_SUSPENDED] = { 403, "No login for this account", "Connexion impossible pour ce compte" },
    [ERR_QUOTA] = { 507, "Full", "Plein" },
    [ERR_INVALID] = { 400, "Not valid", "Non valide" },
    [ERR_LIMIT] = { 413, "Too much", "Trop" },
    [ERR_CONFLICT] = { 409, "Changed meanwhile", "Modifié entre-temps" },
    [ERR_DEPENDED_ON] = { 409, "Still needed", "Encore utilisé" },
    [ERR_BUSY] = { 503, "Try again later", "Réessayez plus tard" },
    [ERR_NO_ROOM] = { 507, "No room", "Plus de place" },
    [ERR_UNKNOWN] = { 503, "Not known whether it was done", "On ne sait pas si c’est fait" },
    [ERR_INTERNAL] = { 500, "Our own fault", "Erreur de notre part" },
};

static const struct {
    struct row row;
    const char *name; /* instead of the kind's */
    enum err_kind kind;
    const char *sentence;
} rows_of_problems[PROBLEMS] = {
    [PROBLEM_NO_CONDITION] = { { 428, "A condition is needed", "Une condition est nécessaire" },
                               "no-condition",
                               ERR_INVALID,
                               "Say with If-Match which state you want to change: the ETag of what you read." },
    [PROBLEM_CHANGED] = { { 412, "Changed meanwhile", "Modifié entre-temps" },
                          "changed",
                          ERR_CONFLICT,
                          "Somebody changed this after you read it. Read it again; nothing was overwritten." },
    [PROBLEM_KEY_REUSED] = { { 422, "Key used before", "Clé déjà utilisée" },
                             "key-reused",
                             ERR_INVALID,
                             "This Idempotency-Key was used for another request." },
    [PROBLEM_KEY_BUSY] = { { 409, "Not finished", "Pas terminé" },
                           "key-busy",
                           ERR_CONFLICT,
                           "The request with this Idempotency-Key has not ended, or its answer is not kept. Look "
                           "before you repeat it." },
    [PROBLEM_NO_TICKET] = { { 401, "No ticket", "Pas de ticket" },
                            "no-ticket",
                            ERR_AUTH,
                            "Your browser has sent no Kerberos ticket." },
};

bool problem_set(struct admin_call *call, enum problem problem, struct err *err)
{
    call->problem = problem;
    return err_set(err, rows_of_problems[problem].kind, "%s", rows_of_problems[problem].sentence);
}

static json_t *problem_json(const struct admin_call *call, const struct row *row, unsigned status,
                            const char *kind, const struct err *err)
{
    bool is_french = language_is_french(http_header(call->request, "Accept-Language"));
    const char *detail = is_french ? language_french(call->arena, err->user) : err->user;
    json_t *json = json_pack("{s:o, s:s, s:i, s:s, s:s, s:{s:s, s:s}}", "type",
                             json_sprintf("urn:chappe:problem:%s", kind), "title",
                             is_french ? row->fr : row->en, "status", (int)status, "detail", detail, "kind",
                             kind, "error", "kind", kind, "message", detail),
           *fault;
    size_t i;

    http_reply_header(call->reply, "Content-Language", is_french ? "fr" : "en");
    if (call->factor)
        json_object_set(json, "second_factor", call->factor);
    if (call->password)
        json_object_set(json, "password", call->password);
    if (!call->faults)
        return json;
    json_object_set(json, "errors", call->faults);
    if (is_french)
        json_array_foreach(call->faults, i, fault) json_object_set_new(
            fault, "detail",
            json_string(language_french(call->arena, json_string_value(json_object_get(fault, "detail")))));
    return json;
}

void problem_answer(struct admin_call *call, const struct err *err)
{
    const struct row *row = call->problem ? &rows_of_problems[call->problem].row : &rows_of_kinds[err->kind];
    const char *kind = call->problem ? rows_of_problems[call->problem].name : err_kind_name(err->kind);
    unsigned status = !call->problem && err->kind == ERR_LIMIT ? call->limit_status : row->status;
    json_t *json = problem_json(call, row, status, kind, err);
    char *text = json_dumps(json, JSON_COMPACT);

    if (err->kind == ERR_INTERNAL)
        log_err(LOG_LEVEL_ERROR, "admin.failed", err);
    if (err->kind == ERR_BUSY || status == 429)
        http_reply_header(call->reply, "Retry-After", status == 429 ? "60" : "5");
    http_reply_status(call->reply, status);
    http_reply_type(call->reply, "application/problem+json");
    http_reply_header(call->reply, "Cache-Control", "no-store");
    http_reply_header(call->reply, "Vary", "Accept-Language");
    buf_add_text(http_reply_body(call->reply), text);
    free(text);
    json_decref(json);
}
