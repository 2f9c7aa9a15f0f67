/*
 * call.h -- one request of the admin API while it is answered; private to this room.
 */
#ifndef ADMIN_API_CALL_H
#define ADMIN_API_CALL_H

#include "admin_api/api.h"
#include "directory/directory.h"

enum { PARAMETERS_MAX = 4 };

struct admin_api {
    struct admin_api_options options;
};

struct admin_call {
    const struct admin_api *api;
    const struct http_request *request;
    struct http_reply *reply;
    void *arena;
    struct actor actor;
    const char *parameters[PARAMETERS_MAX]; /* what stands for {…} in the pattern, in order */
    json_t *in;                             /* checked against the route's fields; never NULL */
    json_t *out;                            /* what is answered; NULL: 204, unless a stream was set */
    unsigned status;                        /* 200 until set */
    bool is_streaming;
};

/* Fields of the body; NULL, the default, false where absent. */
const char *call_text(const struct admin_call *call, const char *name);
int64_t call_number(const struct admin_call *call, const char *name, int64_t standard);
bool call_flag(const struct admin_call *call, const char *name, bool standard);
bool call_has(const struct admin_call *call, const char *name);

/* `json` becomes the answer. Returns true, so that a handler can end with it. */
bool call_answer(struct admin_call *call, json_t *json);
bool call_created(struct admin_call *call, json_t *json);

/* The organisation that the body or the query names: ERR_INVALID without one, ERR_NOT_FOUND. */
MUST_CHECK bool call_organisation(const struct admin_call *call, int64_t *organisation_id_out,
                                  struct err *err);
/* 0 where none is named. */
MUST_CHECK bool call_organisation_filter(const struct admin_call *call, int64_t *organisation_id_out,
                                         struct err *err);

/* Microseconds as "2031-01-31T12:00:00Z"; JSON null for 0. */
json_t *json_time(int64_t us);

/* ---- handlers: one file a noun */
#define HANDLER(name) bool name(struct admin_call *call, struct err *err)
HANDLER(organisation_post);
HANDLER(organisations_get);
HANDLER(organisation_get_one);
HANDLER(organisation_patch);
HANDLER(organisation_delete);
HANDLER(admin_group_post);
HANDLER(admin_groups_get);
HANDLER(admin_group_get);
HANDLER(admin_group_patch);
HANDLER(admin_group_delete);
HANDLER(domain_post);
HANDLER(domains_get);
HANDLER(domain_get);
HANDLER(domain_patch);
HANDLER(domain_delete);
HANDLER(user_post);
HANDLER(users_import);
HANDLER(users_get);
HANDLER(user_get_one);
HANDLER(user_patch);
HANDLER(user_delete);
HANDLER(user_password_put);
HANDLER(alias_post);
HANDLER(aliases_get);
HANDLER(alias_get);
HANDLER(alias_patch);
HANDLER(alias_delete);
HANDLER(app_password_post);
HANDLER(app_passwords_get);
HANDLER(app_password_delete);
HANDLER(storage_group_post);
HANDLER(storage_groups_get);
HANDLER(storage_group_get);
HANDLER(storage_group_mount);
HANDLER(storage_group_dismount);
HANDLER(store_post);
HANDLER(stores_get);
HANDLER(mailbox_folders_get);
HANDLER(mailbox_message_post);
HANDLER(mailbox_import_post);
HANDLER(mailbox_export_get);
HANDLER(block_post);
HANDLER(block_get);
HANDLER(block_get_one);
HANDLER(block_delete);
HANDLER(allow_post);
HANDLER(allow_get);
HANDLER(allow_get_one);
HANDLER(allow_delete);
HANDLER(filter_get);
HANDLER(filter_patch);
HANDLER(quarantine_get);
HANDLER(quarantine_get_one);
HANDLER(quarantine_release);
HANDLER(quarantine_delete);
HANDLER(held_get);
HANDLER(held_delete);
HANDLER(rule_post);
HANDLER(rules_get);
HANDLER(rule_patch);
HANDLER(rule_delete);
HANDLER(dkim_post);
HANDLER(dkim_get);
HANDLER(dkim_get_domain);
HANDLER(dkim_activate);
HANDLER(dkim_delete);
HANDLER(verify_post);
HANDLER(check_get);
HANDLER(queue_get);
HANDLER(queue_get_one);
HANDLER(queue_lanes_get);
HANDLER(queue_act_post);
HANDLER(audit_get);
#undef HANDLER

#endif
