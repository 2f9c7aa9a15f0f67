/* config.c -- what is configured, section by section. */
#include "admin_api/config.h"

#include "admin_api/right.h"
#include "base/clock.h"
#include "format/date.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#define DAY_US (86400 * US_PER_S)

static void adapt_alias(json_t *shown)
{
    json_object_set(shown, "targets", json_object_get(shown, "target"));
    json_object_del(shown, "target");
}

/* posting says what accepts says, in the words of lists. */
static void adapt_group(json_t *shown)
{
    if (json_object_get(shown, "posting"))
        json_object_del(shown, "accepts");
}

static void adapt_backup(json_t *shown)
{
    json_object_set(shown, "ask_primary", json_object_get(shown, "asks_primary"));
}

/* Of no domain, as POST takes it. */
static void adapt_directory(json_t *shown)
{
    const char *domain = json_string_value(json_object_get(shown, "domain"));

    if (domain && *domain == '\0')
        json_object_del(shown, "domain");
}

static void adapt_store(json_t *shown)
{
    if (json_is_null(json_object_get(shown, "deleted_item_days")))
        json_object_set_new(shown, "deleted_item_days", json_integer(-1)); /* as configured */
}

/* POST takes how long, the text says until when. */
static bool fit_grant(json_t *fields, struct err *err)
{
    const char *until = json_string_value(json_object_get(fields, "until"));
    int64_t until_us, left_us;

    if (!until)
        return true;
    if (!date_parse_utc(span_text(until), &until_us))
        return err_set(err, ERR_INVALID, "%.40s is no time such as 2031-01-31T12:00:00Z.", until);
    left_us = until_us - clock_now_us();
    if (left_us <= 0)
        return err_set(err, ERR_INVALID, "The time of this grant is over.");
    json_object_set_new(fields, "days", json_integer((left_us + DAY_US - 1) / DAY_US));
    json_object_del(fields, "until");
    return true;
}

static void adapt_rule(json_t *shown)
{
    json_t *rule = json_loads(json_string_value(json_object_get(shown, "rule")), 0, NULL);

    json_object_update(shown, rule);
    json_object_del(shown, "rule");
    json_decref(rule);
}

#define RECIPIENT_RULES " accepts max_message hidden allow deny"
#define LIST_FIELDS " list posting join hold_days query owners moderators"
#define CONNECTOR_FIELDS                                                                                     \
    "routing_group organisation enabled cost schedule max_message priorities tls source connections rate"    \
    " recipients alarm from_servers to_servers allow deny spaces smarthost target_group"
#define RULE_FIELDS                                                                                                   \
    "name organisation position sender recipient direction anonymous header larger attachment sender_in recipient_in" \
    " unless_sender_in unless_sender unless_recipient unless_header refuse prepend add_header remove_header"          \
    " disclaimer copy redirect journal moderate junk quarantine"

#define POLICY_FIELDS "position addresses max_send max_receive max_recipients quota retention"
#define DIRECTORY_FIELDS                                                                                     \
    "domain enabled flavour urls tls trusted certificate bind bind_dn keytab base user_filter"               \
    " contact_filter group_filter mapping mailboxes mailbox_filter mailbox_group placement interval_s"       \
    " full_interval_s page_size size_limit time_limit_s connections connect_ms answer_ms remove_percent"     \
    " removed removed_days logs_in login_names login_domain login_cache_s"
#define PROVIDER_FIELDS                                                                                      \
    "domain issuer client scopes audience claim certificates web mail tokens second_factor beyond enabled"
#define STORE_FIELDS "organisation warn_at no_send_at no_receive_at deleted_item_days deleted_mailbox_days"

static const struct config_section sections[] = {
    { "storage_groups", "/storage-groups", "storage_groups", "name", "/storage-groups/{name}",
      "name database", "takes_new", .has_details = true, .is_outside = true },
    { "stores", "/stores", "stores", "storage_group name", "/stores/{name}?storage_group={storage_group}",
      "name storage_group " STORE_FIELDS, STORE_FIELDS, .adapt = adapt_store, .is_outside = true,
      .later = "organisation" },
    { "organisations", "/organisations", "organisations", "name", "/organisations/{name}", "name quota",
      "quota accepts max_message language undo_send protocols", .has_details = true },
    { "admin_groups", "/admin-groups", "admin_groups", "organisation name",
      "/admin-groups/{name}?organisation={organisation}", "organisation name", "" },
    { "routing_groups", "/routing-groups", "routing_groups", "name", "/routing-groups/{name}", "name", "" },
    { "servers", "/servers", "servers", "name", "/servers/{name}", "name routing_group address",
      "routing_group address" },
    { "connectors", "/connectors", "connectors", "name", "/connectors/{name}", "name " CONNECTOR_FIELDS,
      CONNECTOR_FIELDS },
    { "domains", "/domains", "domains", "name", "/domains/{name}",
      "name organisation kind target subaddresses quota",
      "kind target subaddresses enabled quota protocols" },
    { "directories", "/directories", "directories", "organisation name",
      "/directories/{name}?organisation={organisation}", "name organisation type " DIRECTORY_FIELDS,
      DIRECTORY_FIELDS, .has_details = true, .adapt = adapt_directory },
    { "identity_providers", "/identity-providers", "identity_providers", "organisation name",
      "/identity-providers/{name}?organisation={organisation}", "name organisation " PROVIDER_FIELDS,
      PROVIDER_FIELDS, .is_of_organisations = true, .needs_organisation = true },
    { "backup_mx", "/backup-mx", "backup_mx", "domain", "/backup-mx/{domain}",
      "domain type organisation ask_primary", "type enabled ask_primary", .adapt = adapt_backup },
    { "contacts", "/contacts", "contacts", "address", "/contacts/{address}",
      "address name target" RECIPIENT_RULES, "name target enabled" RECIPIENT_RULES, .has_details = true },
    { "groups", "/groups", "groups", "address", "/groups/{address}",
      "address name members" LIST_FIELDS RECIPIENT_RULES, "name enabled" LIST_FIELDS RECIPIENT_RULES,
      .has_details = true, .adapt = adapt_group },
    { "aliases", "/aliases", "aliases", "address", "/aliases/{address}", "address targets", "targets enabled",
      .adapt = adapt_alias },
    { "address_lists", "/address-lists", "address_lists", "organisation name",
      "/address-lists/{name}?organisation={organisation}", "name organisation query position visible_to",
      "query position visible_to", .is_of_organisations = true, .needs_organisation = true },
    { "recipient_policies", "/recipient-policies", "recipient_policies", "organisation name",
      "/recipient-policies/{name}?organisation={organisation}", "name organisation query " POLICY_FIELDS,
      "query " POLICY_FIELDS, .is_of_organisations = true, .needs_organisation = true },
    { "filter", "/filter", "settings", "organisation name", NULL, "organisation name value",
      "organisation name value", .is_of_organisations = true },
    { "block", "/block", "entries", "organisation value",
      "/block/entry?value={value}&organisation={organisation}", "organisation value note", NULL,
      .is_of_organisations = true },
    { "allow", "/allow", "entries", "organisation value",
      "/allow/entry?value={value}&organisation={organisation}", "organisation value note", NULL,
      .is_of_organisations = true },
    { "rules", "/rules", "rules", "organisation name", "/rules/{name}?organisation={organisation}",
      RULE_FIELDS, NULL, .is_of_organisations = true, .needs_organisation = true, .adapt = adapt_rule },
    { "grants", "/grants", "grants", "holder role scope object", NULL,
      "holder role scope object until approval", NULL, .fit = fit_grant },
};

const struct config_section *config_sections(size_t *count_out)
{
    *count_out = COUNT_OF(sections);
    return sections;
}

struct act_caller config_caller(const struct admin_call *call)
{
    return (struct act_caller){ .name = call->actor.name,
                                .peer = call->actor.peer,
                                .recipient_id = call->holder ? call->actor.recipient_id : 0,
                                .permissions = call->holder ? call->holder->permissions_max : UINT64_MAX };
}

/* ---- names of objects */

char *config_object_id(void *arena, const struct config_section *section, const json_t *object)
{
    char **names = g_strsplit(section->id, " ", -1), *id = talloc_strdup(arena, "");

    for (size_t i = 0; names[i]; i++) {
        const char *part = json_string_value(json_object_get(object, names[i]));
        if (part && *part)
            id = talloc_asprintf_append(id, "%s%s", *id ? "/" : "", part);
    }
    g_strfreev(names);
    return id;
}

char *config_object_path(void *arena, const char *pattern, const json_t *object)
{
    char *path = talloc_strdup(arena, "");

    while (*pattern) {
        size_t length = strcspn(pattern, "{");
        path = talloc_strndup_append(path, pattern, length);
        pattern += length;
        if (*pattern != '{')
            break;
        char *name = talloc_strndup(arena, pattern + 1, strcspn(pattern + 1, "}"));
        const char *value = json_string_value(json_object_get(object, name));
        char *encoded = g_uri_escape_string(value ? value : "", NULL, FALSE);
        path = talloc_strdup_append(path, encoded);
        g_free(encoded);
        pattern += strcspn(pattern, "}") + 1;
    }
    if (g_str_has_suffix(path, "organisation="))
        path[strlen(path) - strlen("organisation=") - 1] = '\0'; /* of none */
    return path;
}

/* ---- reading */

static int by_text(const void *left, const void *right)
{
    json_t *const *a = left, *const *b = right;

    return strcmp(json_is_string(*a) ? json_string_value(*a) : "",
                  json_is_string(*b) ? json_string_value(*b) : "");
}

/* Lists of texts in an order of their own would differ for nothing. */
static json_t *sorted(json_t *value)
{
    size_t count = json_array_size(value);
    json_t **items = g_new(json_t *, count + 1), *list;

    if (!json_is_array(value)) {
        g_free(items);
        return json_incref(value);
    }
    for (size_t i = 0; i < count; i++)
        items[i] = json_array_get(value, i);
    qsort(items, count, sizeof *items, by_text);
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append(list, items[i]);
    g_free(items);
    return list;
}

static void take_fields(json_t *out, const json_t *shown, const char *names)
{
    char **all = g_strsplit(names ? names : "", " ", -1);

    for (size_t i = 0; all[i]; i++) {
        json_t *value = json_object_get(shown, all[i]);
        if (value && !json_is_null(value))
            json_object_set_new(out, all[i], sorted(value));
    }
    g_strfreev(all);
}

static bool read_details(struct admin_call *call, const struct config_section *section, json_t **shown,
                         struct err *err)
{
    const struct act_caller caller = config_caller(call);
    json_t *details;

    if (!section->has_details)
        return true;
    if (!act(call->api, call->arena, &caller, "GET", config_object_path(call->arena, section->item, *shown),
             NULL, &details, err))
        return false;
    json_decref(*shown);
    *shown = details;
    return true;
}

/* A setting belongs to the level that sets it; what a secret is stays where it is; what no directory brought is no directory. */
static bool is_said_here(const json_t *shown, const char *organisation)
{
    const char *from = json_string_value(json_object_get(shown, "from"));
    const char *value = json_string_value(json_object_get(shown, "value"));
    const char *type = json_string_value(json_object_get(shown, "type"));

    if (type && strcmp(type, "internal") == 0)
        return false;
    return !from ||
           (strcmp(from, organisation ? "organisation" : "installation") == 0 && strcmp(value, "(set)") != 0);
}

static bool add_list(struct admin_call *call, const struct config_section *section, const char *organisation,
                     json_t *out, struct err *err)
{
    const struct act_caller caller = config_caller(call);
    char *encoded = organisation ? g_uri_escape_string(organisation, NULL, FALSE) : NULL;
    const char *path = organisation
                           ? talloc_asprintf(call->arena, "%s?organisation=%s", section->list, encoded)
                           : section->list;
    json_t *answer, *item;
    bool done = act(call->api, call->arena, &caller, "GET", path, NULL, &answer, err);
    size_t i;

    g_free(encoded);
    json_array_foreach(done ? json_object_get(answer, section->field) : NULL, i, item)
    {
        if (!done || !is_said_here(item, organisation))
            continue;
        json_t *shown = json_copy(item), *object = json_object();
        done = read_details(call, section, &shown, err);
        if (organisation)
            json_object_set_new(shown, "organisation", json_string(organisation));
        if (section->adapt)
            section->adapt(shown);
        take_fields(object, shown, section->create);
        take_fields(object, shown, section->change);
        json_array_append(out, object);
        json_decref(object);
        json_decref(shown);
    }
    json_decref(answer);
    return done;
}

static bool add_lists_of_organisations(struct admin_call *call, const struct config_section *section,
                                       json_t *out, struct err *err)
{
    const struct act_caller caller = config_caller(call);
    json_t *answer, *organisation;
    bool done = act(call->api, call->arena, &caller, "GET", "/organisations", NULL, &answer, err) &&
                (section->needs_organisation || add_list(call, section, NULL, out, err));
    size_t i;

    json_array_foreach(done ? json_object_get(answer, "organisations") : NULL, i, organisation) done =
        done && add_list(call, section, json_string_value(json_object_get(organisation, "name")), out, err);
    json_decref(answer);
    return done;
}

bool config_section_read(struct admin_call *call, const struct config_section *section, json_t **list_out,
                         struct err *err)
{
    *list_out = json_array();
    if (section->is_of_organisations ? add_lists_of_organisations(call, section, *list_out, err)
                                     : add_list(call, section, NULL, *list_out, err))
        return true;
    json_decref(*list_out);
    *list_out = NULL;
    return false;
}

bool config_get(struct admin_call *call, struct err *err)
{
    json_t *config = json_pack("{s:i}", "version", 1), *list;

    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        if (!config_section_read(call, &sections[i], &list, err)) {
            json_decref(config);
            return false;
        }
        json_object_set_new(config, sections[i].name, list);
    }
    return call_answer(call, config);
}
