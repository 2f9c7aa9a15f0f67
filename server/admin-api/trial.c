/* trial.c -- "test this account", "test this connector": one step after the other, each good or with its reason. */
#include "admin_api/lines.h"
#include "admin_api/mailbox.h"
#include "base/buf.h"
#include "base/clock.h"
#include "directory/connector.h"
#include "directory/domain.h"
#include "dns/dns.h"
#include "format/address.h"
#include "mailbox/folder.h"
#include "rehearsal/rehearsal.h"
#include "topology/topology.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { DNS_S = 5 };

static bool step(json_t *steps, const char *name, bool is_good, const char *text)
{
    json_array_append_new(steps,
                          json_pack("{s:s, s:b, s:s}", "step", name, "is_good", is_good, "text", text));
    return is_good;
}

static bool answer_steps(struct admin_call *call, json_t *steps)
{
    bool is_good = true;
    json_t *each;
    size_t i;

    json_array_foreach(steps, i, each) is_good = is_good && json_is_true(json_object_get(each, "is_good"));
    lines_translate(call, steps, "text");
    return call_answer(call, json_pack("{s:b, s:o}", "is_good", is_good, "steps", steps));
}

/* ---- an account */

static void try_state(struct admin_call *call, const struct user *user, json_t *steps)
{
    struct err err = ERR_INIT;
    struct domain domain;
    const char *at = strrchr(user->address, '@');

    step(steps, "account", user->state == RECIPIENT_ACTIVE,
         user->state == RECIPIENT_ACTIVE ? user->address : "it is not active: no login");
    if (at && domain_find(call->api->options.directory, &call->actor, call->arena, at + 1, &domain, &err))
        step(steps, "domain", domain.is_enabled,
             domain.is_enabled ? domain.name : "its domain is switched off: mail is refused for now");
}

static void try_dns(struct admin_call *call, const struct user *user, json_t *steps)
{
    const struct rehearsal *parts = call->api->options.rehearsal;
    const char *at = strrchr(user->address, '@');
    struct dns_answer mx;
    bool leads_here = false;

    if (!at)
        return;
    dns_ask(parts->dns, call->arena, at + 1, DNS_MX, clock_monotonic_us() + DNS_S * US_PER_S, &mx);
    for (size_t i = 0; i < mx.count; i++)
        leads_here = leads_here || strcasecmp(mx.records[i].name, parts->host_name) == 0;
    step(steps, "dns", leads_here,
         leads_here ? talloc_asprintf(call->arena, "MX of %s leads to %s", at + 1, parts->host_name)
         : mx.status >= DNS_TEMPORARY
             ? talloc_asprintf(call->arena, "DNS did not answer: %s", mx.reason)
             : talloc_asprintf(call->arena, "no MX of %s leads to %s", at + 1, parts->host_name));
}

/* The mailbox as a program opens it: its database, its folders, what is left of its quota. */
static void try_mailbox(struct admin_call *call, const struct user *user, json_t *steps)
{
    struct opened_mailbox opened = { .mailbox = NULL };
    struct folder **folders;
    struct err err = ERR_INIT;
    int64_t bytes = 0;
    size_t count;

    if (!open_mailbox(call, user->address, &opened, &err)) {
        step(steps, "mailbox", false, err.user);
        return;
    }
    step(steps, "mailbox", true, "its database answers");
    if (folder_list(opened.mailbox, &opened.reader, call->arena, &folders, &count, &err)) {
        for (size_t i = 0; i < count; i++)
            bytes += folders[i]->bytes;
        step(steps, "folders", count > 0, talloc_asprintf(call->arena, "%zu folders", count));
        step(steps, "size", user->quota_bytes == 0 || bytes < user->quota_bytes,
             user->quota_bytes
                 ? talloc_asprintf(call->arena, "%lld of %lld MB", (long long)bytes >> 20,
                                   (long long)user->quota_bytes >> 20)
                 : talloc_asprintf(call->arena, "%lld MB, without a limit", (long long)bytes >> 20));
    } else {
        step(steps, "folders", false, err.user);
    }
    mailbox_close(&opened.mailbox);
}

/* What a message from outside would be told; the decision is rolled back. */
static void try_delivery(struct admin_call *call, const struct user *user, json_t *steps)
{
    static const struct net_address outside = {
        .bytes = { [10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = 1 }
    };
    const struct rehearsal_question question = { .sender = "", .recipient = user->address, .peer = &outside };
    struct buf events = BUF_INIT(call->arena);
    struct err err = ERR_INIT;
    bool is_taken = false;

    if (!rehearse(call->api->options.rehearsal, &question, &events, &is_taken, &err))
        step(steps, "delivery", false, err.user);
    else
        step(steps, "delivery", is_taken,
             is_taken ? "a message from outside would be accepted"
                      : "a message from outside would be refused: chappe trace --dry-run tells why");
}

bool user_test_post(struct admin_call *call, struct err *err)
{
    const struct admin_api_options *options = &call->api->options;
    const char *password = call_text(call, "password");
    json_t *steps = json_array();
    struct user user;

    if (!user_find(options->directory, &call->actor, call->arena, call->parameters[0], &user, err)) {
        json_decref(steps);
        return false;
    }
    try_state(call, &user, steps);
    try_dns(call, &user, steps);
    try_delivery(call, &user, steps);
    try_mailbox(call, &user, steps);
    if (options->try_services && !options->try_services(options->host, user.address, password, steps, err)) {
        json_decref(steps);
        return false;
    }
    return answer_steps(call, steps);
}

/* ---- a connector */

/* Whom it would lead to: as asked, else the postmaster of its first address space that is a domain. */
static const char *recipient_for(struct admin_call *call, const struct connector *connector)
{
    const char *named = call_text(call, "recipient");

    if (named)
        return named;
    for (size_t i = 0; i < connector->space_count; i++) {
        const char *space = connector->spaces[i].space;
        space += strncmp(space, "*.", 2) == 0 ? 2 : 0;
        if (!strchr(space, '*'))
            return talloc_asprintf(call->arena, "postmaster@%s", space);
    }
    return connector->smarthost ? "postmaster@example.com" : NULL;
}

/* Whether mail takes it now is one thing, whether it works another. */
static bool find_way(struct admin_call *call, const struct connector *connector, const char *recipient,
                     struct route *route, json_t *steps, struct err *err)
{
    struct topology *topology = call->api->options.topology;
    struct address address;
    struct route taken;
    struct topology_question question = { .sender = "" };

    if (address_parse(call->arena, span_text(recipient), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return err_set(err, ERR_INVALID, "%.200s is not a valid address.", recipient);
    question.recipient = address_text(call->arena, &address);
    question.domain = address.domain;
    if (!topology_route(topology, call->arena, &question, &taken, err) ||
        !topology_by_connector(topology, call->arena, connector->connector_id, address.domain, route, err))
        return false;
    bool is_its =
        taken.connector_id == connector->connector_id && (taken.kind == ROUTE_MX || taken.kind == ROUTE_HOST);
    step(steps, "route", is_its,
         is_its ? talloc_asprintf(call->arena, "mail for %s takes this connector", recipient)
                : talloc_asprintf(call->arena, "mail for %s does not take it now: %s", recipient,
                                  taken.reason ? taken.reason : "another way is cheaper"));
    return true;
}

bool connector_test_post(struct admin_call *call, struct err *err)
{
    const struct admin_api_options *options = &call->api->options;
    struct connector connector;
    struct route route;
    json_t *steps;

    if (!connector_find(options->directory, &call->actor, call->arena, call->parameters[0], &connector, err))
        return false;
    const char *recipient = recipient_for(call, &connector);
    if (!recipient)
        return err_set(err, ERR_INVALID, "Name a recipient to whom this connector would lead.");
    steps = json_array();
    if (!find_way(call, &connector, recipient, &route, steps, err) ||
        !options->try_route(options->host, &route, call_text(call, "recipient"), steps, err)) {
        json_decref(steps);
        return false;
    }
    return answer_steps(call, steps);
}
