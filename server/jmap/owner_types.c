/* owner_types.c -- app passwords, second factors, sessions, the password, and who opened the mailbox (docs/jmap.md). */
#include "jmap/get.h"
#include "jmap/methods.h"
#include "jmap/owner.h"

#include <stdlib.h>
#include <talloc.h>

#define SINGLETON "singleton"
#define NAMES(list) .names = (list), .name_count = COUNT_OF(list)

/* ---- app passwords */

static const char *const app_password_names[] = { "id",      "name",     "protocols", "networks",
                                                  "created", "lastUsed", "expires" };
static struct owner_type app_passwords = {
    .path = "/app-passwords", .list = "appPasswords", NAMES(app_password_names), .is_said_by = "name"
};

bool app_password_get(struct jmap_call *call)
{
    return jmap_owner_get(call, &app_passwords);
}

bool app_password_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .create = jmap_owner_create,
                                                  .destroy = jmap_owner_destroy,
                                                  .arg = &app_passwords });
}

/* ---- sessions and tokens */

static const char *const session_names[] = { "id",    "kind",    "name",    "peer", "method",
                                             "lacks", "current", "created", "seen", "expires" };
static struct owner_type sessions = { .path = "/sessions", .list = "sessions", NAMES(session_names) };

bool login_session_get(struct jmap_call *call)
{
    return jmap_owner_get(call, &sessions);
}

bool login_session_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .destroy = jmap_owner_destroy, .arg = &sessions });
}

/* ---- who opened the mailbox */

static const char *const activity_names[] = {
    "id", "day", "action", "actor", "peer", "count", "first", "last"
};
static struct owner_type activities = {
    .path = "/activity", .list = "activity", NAMES(activity_names), .is_numbered = true
};

bool account_activity_get(struct jmap_call *call)
{
    return jmap_owner_get(call, &activities);
}

/* ---- second factors */

static const char *const factor_names[] = {
    "id", "kind", "name", "confirmed", "site", "created", "lastUsed"
};
static struct owner_type factors = { .path = "/second-factors",
                                     .list = "secondFactors",
                                     NAMES(factor_names) };

bool own_factor_get(struct jmap_call *call)
{
    return jmap_owner_get(call, &factors);
}

/* The proof that it works: {"code"}, or {"clientData", "attestation"}. The first one brings recovery codes. */
static json_t *confirm(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg)
{
    struct err err = ERR_INIT;
    json_t *answer;

    (void)arg;
    if (strtoll(id, NULL, 10) <= 0)
        return jmap_set_error("notFound", "There is no such second factor.");
    if (!jmap_owner_ask(call, "POST",
                        jmap_owner_path(call, "/second-factors/%lld/confirm", strtoll(id, NULL, 10)), patch,
                        &answer, &err) ||
        !jmap_owner_raise(call, &err))
        return jmap_owner_error(call, &err);
    *updated_out = json_pack("{s:b}", "confirmed", 1);
    if (json_object_get(answer, "recoveryCodes"))
        json_object_set(*updated_out, "recoveryCodes", json_object_get(answer, "recoveryCodes"));
    return NULL;
}

bool own_factor_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .create = jmap_owner_create,
                                                  .update = confirm,
                                                  .destroy = jmap_owner_destroy,
                                                  .arg = &factors });
}

/* Of /session: there is one only for who came with its cookie. */
static bool fail_session(struct jmap_call *call, const struct err *err)
{
    return err->kind == ERR_NOT_FOUND || err->kind == ERR_AUTH || err->kind == ERR_DENIED
               ? jmap_fail(call, "forbidden", "%s",
                           err->kind == ERR_NOT_FOUND ? "This is for sessions of people." : err->user)
               : jmap_owner_fail(call, err);
}

/* What may be shown now, with a challenge for keys: before acts that answer secondFactorNeeded. */
bool second_factor_challenge(struct jmap_call *call)
{
    struct err err = ERR_INIT;
    json_t *answer;

    if (!jmap_owner_ask(call, "POST", "/session/challenge", NULL, &answer, &err))
        return fail_session(call, &err);
    (void)json_object_update(call->out, answer);
    return true;
}

/* Shows one; the session counts as verified again. */
bool second_factor_prove(struct jmap_call *call)
{
    json_t *proof = jmap_keep(call->arena, json_copy(call->in)), *answer;
    struct err err = ERR_INIT;

    json_object_del(proof, "accountId");
    if (!jmap_owner_ask(call, "POST", "/session/second-factor", proof, &answer, &err))
        return fail_session(call, &err);
    jmap_put(call, "method", json_incref(json_object_get(answer, "method")));
    return true;
}

/* ---- recovery codes: one object for all of them */

static const char *const recovery_names[] = { "id", "left" };

static json_t *codes_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    json_t *object = strcmp(id, SINGLETON) == 0 ? json_pack("{s:s}", "id", id) : NULL;

    (void)call;
    if (object && (wanted & 2))
        json_object_set(object, "left", arg);
    return object;
}

bool recovery_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_pack("[s]", SINGLETON)), *answer;
    struct err err = ERR_INIT;
    uint64_t wanted;

    if (!jmap_wanted(call, recovery_names, COUNT_OF(recovery_names), UINT64_MAX, &wanted))
        return false;
    if (!jmap_owner_ask(call, "GET", jmap_owner_path(call, "/second-factors"), NULL, &answer, &err))
        return jmap_owner_fail(call, &err);
    return jmap_get_each(call, all, wanted, codes_of, json_object_get(answer, "recoveryCodesLeft"));
}

static json_t *make_codes(struct jmap_call *call, const char *creation_id, json_t *object,
                          json_t **created_out, void *arg)
{
    struct err err = ERR_INIT;
    json_t *answer;

    (void)creation_id;
    (void)arg;
    if (json_object_size(object) > 0)
        return jmap_set_error("invalidProperties", "Recovery codes have no properties to set.");
    if (!jmap_owner_ask(call, "POST", jmap_owner_path(call, "/recovery-codes"), NULL, &answer, &err) ||
        !jmap_owner_raise(call, &err))
        return jmap_owner_error(call, &err);
    *created_out =
        json_pack("{s:s, s:O}", "id", SINGLETON, "codes", json_object_get(answer, "recoveryCodes"));
    return NULL;
}

bool recovery_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .create = make_codes });
}

/* ---- the password */

static const char *const password_names[] = { "id",      "keptIn",  "known",      "minLength",
                                              "complex", "history", "minAgeDays", "maxAgeDays" };

static json_t *rules_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    json_t *object = strcmp(id, SINGLETON) == 0 ? json_pack("{s:s}", "id", id) : NULL;

    (void)call;
    for (size_t i = 1; object && i < COUNT_OF(password_names); i++)
        if (wanted & (UINT64_C(1) << i))
            json_object_set(object, password_names[i], json_object_get(arg, password_names[i]));
    return object;
}

/* Where it is kept, and what is asked of a new one. */
bool own_password_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_pack("[s]", SINGLETON)), *answer;
    struct err err = ERR_INIT;
    uint64_t wanted;

    if (!jmap_wanted(call, password_names, COUNT_OF(password_names), UINT64_MAX, &wanted))
        return false;
    if (!jmap_owner_ask(call, "GET", "/session/password", NULL, &answer, &err))
        return fail_session(call, &err);
    return jmap_get_each(call, all, wanted, rules_of, answer);
}

static json_t *change_password(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out,
                               void *arg)
{
    struct err err = ERR_INIT;
    json_t *answer;

    (void)updated_out;
    (void)arg;
    if (strcmp(id, SINGLETON) != 0)
        return jmap_set_error("notFound", "There is one password.");
    if (!jmap_owner_ask(call, "PUT", jmap_owner_path(call, "/password/own"), patch, &answer, &err) ||
        !jmap_owner_raise(call, &err))
        return jmap_owner_error(call, &err);
    return NULL;
}

bool own_password_set(struct jmap_call *call)
{
    return jmap_set_run(call, &(struct jmap_set){ .update = change_password });
}
