/*
 * call.h -- one request of the admin API while it is answered; private to this room.
 */
#ifndef ADMIN_API_CALL_H
#define ADMIN_API_CALL_H

#include "admin_api/api.h"
#include "directory/access_token.h"
#include "directory/directory.h"
#include "directory/role.h"

#include <stdatomic.h>

enum { PARAMETERS_MAX = 4 };

/* Refusals that only HTTP knows. */
enum problem {
    PROBLEM_OF_KIND, /* the error's kind tells */
    PROBLEM_NO_CONDITION,
    PROBLEM_CHANGED,
    PROBLEM_KEY_REUSED,
    PROBLEM_KEY_BUSY,
    PROBLEM_NO_TICKET,
    PROBLEMS
};

struct admin_api {
    struct admin_api_options options;
    bool has_reclaimed;          /* the jobs that this server worked on before */
    _Atomic int64_t message_max; /* the options' one, until a reload brings another */
};

struct admin_call {
    const struct admin_api *api;
    const struct http_request *request;
    struct http_reply *reply;
    void *arena;
    struct actor actor;
    const struct role_holder *holder; /* what the caller may; NULL: everything (the machine's own root) */
    const struct access_token *token; /* what he came with; NULL: nothing */
    const struct admin_route *route;  /* which it is, once it is known */
    const char *parameters[PARAMETERS_MAX]; /* what stands for {…} in the pattern, in order */
    json_t *in;                             /* checked against the route's fields; never NULL */
    json_t *factor;   /* second factors that the answer, or the error, asks for; NULL: none */
    json_t *password; /* what a new password has to be, told with a refusal of one that has expired; NULL */
    json_t *out;      /* what is answered; NULL: 204, unless a stream was set */
    unsigned status;  /* 200 until set */
    unsigned limit_status; /* of ERR_LIMIT: 413 until set */
    enum problem problem;  /* what the refusal is, where its kind does not tell */
    json_t *faults;        /* [{"field", "detail"}]: what is wrong in the body; NULL: nothing */
    bool is_answered;      /* the handler has written the reply itself, or set its stream */
    bool is_remote;        /* not on the Unix socket */
    bool is_approved;      /* a second person agreed (approval.h) */
};

/* Fields of the body; NULL, the default, false where absent. */
const char *call_text(const struct admin_call *call, const char *name);
/* A whole number of the body; `standard` where absent. */
int64_t call_number(const struct admin_call *call, const char *name, int64_t standard);
/* True or false in the body; `standard` where absent. */
bool call_flag(const struct admin_call *call, const char *name, bool standard);
/* A moment of the body, as 2031-01-31T12:00:00Z, that is yet to come; left alone where absent. ERR_INVALID. */
MUST_CHECK bool call_moment(const struct admin_call *call, const char *name, int64_t *us, struct err *err);
/* The body names it, with whatever value. */
bool call_has(const struct admin_call *call, const char *name);

/* `json` becomes the answer. Returns true, so that a handler can end with it. */
bool call_answer(struct admin_call *call, json_t *json);
/* The same with status 201. */
bool call_created(struct admin_call *call, json_t *json);

/* The route of call->request, its parameters set; NULL: there is none. */
const struct admin_route *call_find_route(struct admin_call *call);
/* Whether the change is only to be tried (?dry_run=true). */
bool call_is_rehearsal(const struct admin_call *call);
/* Reads the body, asks whether the caller may, and runs the handler. */
MUST_CHECK bool call_run(struct admin_call *call, const struct admin_route *route, struct err *err);

/* The organisation that the body or the query names: ERR_INVALID without one, ERR_NOT_FOUND. */
MUST_CHECK bool call_organisation(const struct admin_call *call, int64_t *organisation_id_out,
                                  struct err *err);
/* 0 where none is named. */
MUST_CHECK bool call_organisation_filter(const struct admin_call *call, int64_t *organisation_id_out,
                                         struct err *err);

/* The answer to POST /session: who and what he may. Sets the cookie. */
MUST_CHECK bool session_begin(struct admin_call *call, struct err *err);

/* Microseconds as "2031-01-31T12:00:00Z"; JSON null for 0. */
json_t *json_time(int64_t us);

/* Runs the route that reads the call's path, by itself: what GET would answer. The caller owns *out. ERR_NOT_FOUND also
 * where the path cannot be read. */
MUST_CHECK bool call_read(const struct admin_call *call, const struct admin_route *get, json_t **out,
                          struct err *err);

/* ---- handlers: one file a noun */

/* Answers the request of a route: what it takes and gives stands in the file of openapi/ that names it. True: call->out (or a
 * stream) is the answer; false: *err is, as a status and a sentence. Runs on a thread of the web server; everything under
 * call->arena. */
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
HANDLER(directory_post);         /* POST /directories */
HANDLER(directories_get);        /* GET /directories */
HANDLER(directory_probe);        /* POST /directories/probe */
HANDLER(directory_get);          /* GET /directories/{name} */
HANDLER(directory_patch);        /* PATCH /directories/{name} */
HANDLER(directory_delete);       /* DELETE /directories/{name} */
HANDLER(directory_test);         /* POST /directories/{name}/test */
HANDLER(directory_status);       /* GET /directories/{name}/status */
HANDLER(directory_conflicts);    /* GET /directories/{name}/conflicts */
HANDLER(directory_run_post);     /* POST /directories/{name}/runs */
HANDLER(directory_runs_get);     /* GET /directories/{name}/runs */
HANDLER(directory_run_get);      /* GET /directories/{name}/runs/{id} */
HANDLER(directory_writing);      /* GET /directories/{name}/writing */
HANDLER(directory_write_look);   /* POST /directories/{name}/writing/preview */
HANDLER(directory_write_again);  /* POST /directories/{name}/writing/again */
HANDLER(directory_entries);      /* GET /directories/{name}/entries */
HANDLER(directory_choose);       /* POST /directories/{name}/choose */
HANDLER(directory_link);         /* POST /directories/{name}/link */
HANDLER(domain_post);            /* POST /domains */
HANDLER(domains_get);            /* GET /domains */
HANDLER(domain_get);             /* GET /domains/{domain} */
HANDLER(domain_dns_get);         /* GET /domains/{domain}/dns */
HANDLER(domain_patch);           /* PATCH /domains/{domain} */
HANDLER(domain_delete);          /* DELETE /domains/{domain} */
HANDLER(user_post);              /* POST /users */
HANDLER(users_import);           /* POST /users/import */
HANDLER(users_get);              /* GET /users */
HANDLER(user_get_one);           /* GET /users/{address} */
HANDLER(user_patch);             /* PATCH /users/{address} */
HANDLER(user_delete);            /* DELETE /users/{address} */
HANDLER(own_trace_get);          /* GET /users/{address}/trace */
HANDLER(own_trace_get_one);      /* GET /users/{address}/trace/{id} */
HANDLER(own_password_put);       /* PUT /users/{address}/password/own */
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
HANDLER(store_get);              /* GET /stores/{name} */
HANDLER(store_patch);            /* PATCH /stores/{name} */
HANDLER(store_delete);           /* DELETE /stores/{name} */
HANDLER(store_mount_post);       /* POST /stores/{name}/mount */
HANDLER(store_dismount_post);    /* POST /stores/{name}/dismount */
HANDLER(storage_group_delete);   /* DELETE /storage-groups/{name} */
HANDLER(mailbox_folders_get);    /* GET /mailboxes/{address}/folders */
HANDLER(mailbox_message_post);   /* POST /mailboxes/{address}/messages */
HANDLER(mailbox_import_post);    /* POST /mailboxes/{address}/import */
HANDLER(mailbox_export_get);     /* GET /mailboxes/{address}/export */
HANDLER(mailbox_move_post);      /* POST /mailboxes/{address}/move */
HANDLER(mailbox_move_get);       /* GET /mailboxes/{address}/move */
HANDLER(mailbox_move_delete);    /* DELETE /mailboxes/{address}/move */
HANDLER(moves_post);             /* POST /moves */
HANDLER(moves_get);              /* GET /moves */
HANDLER(recoverable_get);        /* GET /mailboxes/{address}/recoverable */
HANDLER(recoverable_post);       /* POST /mailboxes/{address}/recoverable/restore */
HANDLER(identity_provider_post);
HANDLER(identity_providers_get);
HANDLER(identity_provider_get);
HANDLER(identity_provider_patch);
HANDLER(identity_provider_delete);
HANDLER(identity_provider_test);
HANDLER(session_providers_get);
HANDLER(session_provider_begin);
HANDLER(session_provider_callback);
HANDLER(address_book_export);
HANDLER(address_list_post);
HANDLER(address_lists_get);
HANDLER(address_list_get);
HANDLER(address_list_patch);
HANDLER(address_list_delete);
HANDLER(recipient_policy_post);
HANDLER(recipient_policies_get);
HANDLER(recipient_policy_get);
HANDLER(recipient_policy_patch);
HANDLER(recipient_policy_apply);
HANDLER(retention_get);  /* GET /recipient-policies/{name}/retention */
HANDLER(retention_post); /* POST /recipient-policies/{name}/retention */
HANDLER(recipient_policy_delete);
HANDLER(deleted_mailboxes_get);
HANDLER(deleted_mailbox_reconnect);
HANDLER(deleted_mailbox_delete);
HANDLER(verify_post);    /* POST /verify */
HANDLER(check_get);      /* GET /check */
HANDLER(audit_get);      /* GET /audit */
HANDLER(openapi_get);    /* GET /openapi.json */
HANDLER(recipients_get); /* GET /recipients */
HANDLER(config_get);
HANDLER(config_apply_post);
HANDLER(job_import_post);
HANDLER(job_csv_post);
HANDLER(job_bulk_post);
HANDLER(job_export_post);
HANDLER(job_file_get);
HANDLER(jobs_get);
HANDLER(job_get_one);
HANDLER(job_items_get);
HANDLER(job_events_get);
HANDLER(certificates_get);         /* GET /certificates */
HANDLER(certificates_missing_get); /* GET /certificates/missing */
HANDLER(user_test_post);           /* POST /users/{address}/test */
HANDLER(connector_test_post);      /* POST /connectors/{name}/test */
HANDLER(statistics_get);           /* GET /statistics */
HANDLER(job_resume_post);          /* POST /jobs/{id}/resume */
HANDLER(selection_preview_get);    /* GET /selection */
HANDLER(job_cancel_post);
HANDLER(senders_get);      /* GET /recipients/{address}/senders */
HANDLER(sender_post);      /* POST /recipients/{address}/senders */
HANDLER(senders_patch);    /* PATCH /recipients/{address}/senders */
HANDLER(sender_delete);    /* DELETE /recipients/{address}/senders/{person} */
HANDLER(sender_pairs_get); /* GET /senders */
HANDLER(shares_get);       /* GET /mailboxes/{address}/shares */
HANDLER(share_post);       /* POST /mailboxes/{address}/shares */
HANDLER(share_delete);     /* DELETE /mailboxes/{address}/shares/{person} */
HANDLER(share_pairs_get);  /* GET /shares */
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
HANDLER(secrets_post);
HANDLER(reports_get);
HANDLER(reports_get_dmarc);
HANDLER(reports_get_tls);
HANDLER(report_get_one);
HANDLER(quarantine_get_one);
HANDLER(quarantine_release);
HANDLER(quarantine_delete);
HANDLER(user_quarantine_get);
HANDLER(user_quarantine_release);
HANDLER(moderation_get);
HANDLER(moderation_get_one);
HANDLER(moderation_approve);
HANDLER(moderation_reject);
HANDLER(held_get);
HANDLER(held_delete);
HANDLER(rule_post);
HANDLER(rules_get);
HANDLER(rule_get);
HANDLER(rule_patch);
HANDLER(rule_order_put);
HANDLER(rule_trial_post);
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
HANDLER(queue_recall_post);
HANDLER(session_get);
HANDLER(session_delete);
HANDLER(sessions_get);
HANDLER(sessions_delete);
HANDLER(all_sessions_get);
HANDLER(sessions_end_post);
HANDLER(token_post);
HANDLER(session_factor_post);
HANDLER(session_challenge_post);
HANDLER(session_password_get);
HANDLER(expired_password_post);
HANDLER(second_factors_get);
HANDLER(second_factor_post);
HANDLER(second_factor_confirm_post);
HANDLER(second_factor_delete);
HANDLER(second_factors_delete);
HANDLER(recovery_codes_post);
HANDLER(factor_rules_get);
HANDLER(factor_rules_put);
HANDLER(changes_get);
HANDLER(change_get);
HANDLER(change_approve);
HANDLER(change_reject);
HANDLER(change_delete);
HANDLER(role_post);
HANDLER(role_patch);
HANDLER(role_delete);
HANDLER(roles_get);
HANDLER(grant_post);
HANDLER(grants_get);
HANDLER(grant_delete);
HANDLER(rights_get);
HANDLER(rights_explain);
HANDLER(audit_export_get);
HANDLER(audit_verify_get);
HANDLER(activity_get);
HANDLER(trace_get);
HANDLER(trace_get_one);
HANDLER(trace_dry_run_post);
#undef HANDLER

#endif
