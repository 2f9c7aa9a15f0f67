/*
 * call.h -- one request of the admin API while it is answered; private to this room.
 */
#ifndef ADMIN_API_CALL_H
#define ADMIN_API_CALL_H

#include "admin_api/api.h"
#include "directory/directory.h"

#include <stdatomic.h>

enum { PARAMETERS_MAX = 4 };

struct admin_api {
    struct admin_api_options options;
    _Atomic int64_t message_max; /* the options' one, until a reload brings another */
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
/* A whole number of the body; `standard` where absent. */
int64_t call_number(const struct admin_call *call, const char *name, int64_t standard);
/* True or false in the body; `standard` where absent. */
bool call_flag(const struct admin_call *call, const char *name, bool standard);
/* The body names it, with whatever value. */
bool call_has(const struct admin_call *call, const char *name);

/* `json` becomes the answer. Returns true, so that a handler can end with it. */
bool call_answer(struct admin_call *call, json_t *json);
/* The same with status 201. */
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
HANDLER(organisation_post);      /* POST /organisations */
HANDLER(organisations_get);      /* GET /organisations */
HANDLER(organisation_get_one);   /* GET /organisations/{name} */
HANDLER(organisation_patch);     /* PATCH /organisations/{name} */
HANDLER(organisation_delete);    /* DELETE /organisations/{name} */
HANDLER(admin_group_post);       /* POST /admin-groups */
HANDLER(admin_groups_get);       /* GET /admin-groups */
HANDLER(admin_group_get);        /* GET /admin-groups/{name} */
HANDLER(admin_group_patch);      /* PATCH /admin-groups/{name} */
HANDLER(admin_group_delete);     /* DELETE /admin-groups/{name} */
HANDLER(domain_post);            /* POST /domains */
HANDLER(domains_get);            /* GET /domains */
HANDLER(domain_get);             /* GET /domains/{domain} */
HANDLER(domain_patch);           /* PATCH /domains/{domain} */
HANDLER(domain_delete);          /* DELETE /domains/{domain} */
HANDLER(user_post);              /* POST /users */
HANDLER(users_import);           /* POST /users/import */
HANDLER(users_get);              /* GET /users */
HANDLER(user_get_one);           /* GET /users/{address} */
HANDLER(user_patch);             /* PATCH /users/{address} */
HANDLER(user_delete);            /* DELETE /users/{address} */
HANDLER(user_password_put);      /* PUT /users/{address}/password */
HANDLER(alias_post);             /* POST /aliases */
HANDLER(aliases_get);            /* GET /aliases */
HANDLER(alias_get);              /* GET /aliases/{address} */
HANDLER(alias_patch);            /* PATCH /aliases/{address} */
HANDLER(alias_delete);           /* DELETE /aliases/{address} */
HANDLER(app_password_post);      /* POST /users/{address}/app-passwords */
HANDLER(app_passwords_get);      /* GET /users/{address}/app-passwords */
HANDLER(app_password_delete);    /* DELETE /users/{address}/app-passwords/{name} */
HANDLER(storage_group_post);     /* POST /storage-groups */
HANDLER(storage_groups_get);     /* GET /storage-groups */
HANDLER(storage_group_get);      /* GET /storage-groups/{name} */
HANDLER(storage_group_mount);    /* POST /storage-groups/{name}/mount */
HANDLER(storage_group_dismount); /* POST /storage-groups/{name}/dismount */
HANDLER(store_post);             /* POST /stores */
HANDLER(stores_get);             /* GET /stores */
HANDLER(mailbox_folders_get);    /* GET /mailboxes/{address}/folders */
HANDLER(mailbox_message_post);   /* POST /mailboxes/{address}/messages */
HANDLER(mailbox_import_post);    /* POST /mailboxes/{address}/import */
HANDLER(mailbox_export_get);     /* GET /mailboxes/{address}/export */
HANDLER(verify_post);            /* POST /verify */
HANDLER(check_get);              /* GET /check */
HANDLER(audit_get);              /* GET /audit */
HANDLER(group_post);
HANDLER(groups_get);
HANDLER(group_get);
HANDLER(group_patch);
HANDLER(group_delete);
HANDLER(group_member_post);
HANDLER(group_member_delete);
HANDLER(contact_post);
HANDLER(contacts_get);
HANDLER(contact_get);
HANDLER(contact_patch);
HANDLER(contact_delete);
HANDLER(connector_post);
HANDLER(connectors_get);
HANDLER(connector_get);
HANDLER(connector_patch);
HANDLER(connector_delete);
HANDLER(routing_group_post);
HANDLER(routing_groups_get);
HANDLER(routing_group_get);
HANDLER(routing_group_patch);
HANDLER(routing_group_delete);
HANDLER(server_post);
HANDLER(servers_get);
HANDLER(server_get);
HANDLER(server_patch);
HANDLER(server_delete);
HANDLER(links_get);
HANDLER(route_get);
HANDLER(backup_mx_post);
HANDLER(backup_mxs_get);
HANDLER(backup_mx_get);
HANDLER(backup_mx_patch);
HANDLER(backup_mx_delete);
HANDLER(backup_mx_recipients_put);
HANDLER(storage_group_patch);
HANDLER(sieve_check_post);
HANDLER(sieve_scripts_get);
HANDLER(sieve_script_get);
HANDLER(sieve_script_put);
HANDLER(sieve_activate_post);
HANDLER(sieve_off_post);
HANDLER(sieve_script_delete);
HANDLER(automatic_reply_put);
HANDLER(automatic_reply_get_one);
HANDLER(automatic_reply_delete);
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
HANDLER(queue_get);
HANDLER(queue_get_one);
HANDLER(queue_lanes_get);
HANDLER(queue_act_post);
#undef HANDLER

#endif
