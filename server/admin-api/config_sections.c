/* config_sections.c -- what is configured: for each kind of object, how it is read, made, changed and removed. */
#include "admin_api/config.h"

#include "base/clock.h"
#include "format/date.h"

#include <string.h>

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

static void adapt_rule(json_t *shown)
{
    json_t *rule = json_loads(json_string_value(json_object_get(shown, "rule")), 0, NULL);

    json_object_update(shown, rule);
    json_object_del(shown, "rule");
    json_decref(rule);
}

/* ---- what belongs to the text */

static bool is_text(const json_t *shown, const char *field, const char *text)
{
    const char *value = json_string_value(json_object_get(shown, field));

    return value && strcmp(value, text) == 0;
}

/* A setting belongs to the level that sets it. */
static bool is_set_here(const json_t *shown, const json_t *of)
{
    return is_text(shown, "from",
                   json_object_get(of, "domain")         ? "domain"
                   : json_object_get(of, "organisation") ? "organisation"
                                                         : "installation");
}

static bool is_company_directory(const json_t *shown, const json_t *of)
{
    (void)of;
    return !is_text(shown, "type", "internal");
}

/* What a company directory owns comes from there. */
static bool is_internal(const json_t *shown, const json_t *of)
{
    (void)of;
    return json_object_get(shown, "source") == NULL;
}

static bool is_own_role(const json_t *shown, const json_t *of)
{
    (void)of;
    return json_object_get(shown, "id") != NULL;
}

static bool has_catch_all(const json_t *shown, const json_t *of)
{
    const char *recipient = json_string_value(json_object_get(shown, "catch_all"));

    (void)of;
    return recipient && *recipient;
}

/* Of contacts, of whom a list does not tell who may write to them, nor this. */
static bool has_manager(const json_t *shown, const json_t *of)
{
    return is_internal(shown, of) &&
           (json_object_get(shown, "manager") != NULL || json_object_get(shown, "accepts") == NULL);
}

static bool asks_somebody(const json_t *shown, const json_t *of)
{
    (void)of;
    return json_array_size(json_object_get(shown, "required")) > 0;
}

static bool holds_still(const json_t *shown, const char *field)
{
    const char *until = json_string_value(json_object_get(shown, field));
    int64_t until_us;

    return !until || (date_parse_utc(span_text(until), &until_us) && until_us > clock_now_us());
}

static bool is_granted(const json_t *shown, const json_t *of)
{
    (void)of;
    return holds_still(shown, "until");
}

static bool is_listed(const json_t *shown, const json_t *of)
{
    (void)of;
    return holds_still(shown, "expires");
}

#define RECIPIENT_RULES " accepts max_message hidden allow deny"
#define PERSON_FIELDS                                                                                        \
    "given_name surname initials title department company office street city postal_code region country"     \
    " phone mobile fax notes"
#define LIST_FIELDS " list posting join hold_days archive query owners moderators"
#define CONNECTOR_FIELDS                                                                                     \
    "routing_group organisation enabled cost schedule max_message priorities tls source connections rate"    \
    " recipients alarm from_servers to_servers allow deny spaces smarthost target_group"
#define RULE_PARTS                                                                                           \
    "sender recipient direction anonymous header larger attachment sender_in recipient_in unless_sender_in"  \
    " unless_sender unless_recipient unless_header refuse prepend add_header remove_header disclaimer copy"  \
    " redirect journal moderate junk quarantine"
#define POLICY_FIELDS "position addresses max_send max_receive max_recipients quota retention"
#define DIRECTORY_FIELDS                                                                                     \
    "domain enabled flavour urls tls trusted certificate bind bind_dn keytab base user_filter"               \
    " contact_filter group_filter mapping mailboxes mailbox_filter mailbox_group placement interval_s"       \
    " full_interval_s page_size size_limit time_limit_s connections connect_ms answer_ms remove_percent"     \
    " removed removed_days write_back write_dn logs_in login_names login_domain login_cache_s"
#define PROVIDER_FIELDS                                                                                      \
    "domain issuer client scopes audience claim certificates web mail tokens second_factor beyond enabled"
#define STORE_FIELDS "organisation warn_at no_send_at no_receive_at deleted_item_days deleted_mailbox_days"

static const struct config_section sections[] = {
    { "storage_groups", "/storage-groups", "storage_groups", "name", "/storage-groups/{name}",
      "name database", "takes_new routing_group", .has_details = true, .is_outside = true,
      .later = "routing_group" },
    { "stores", "/stores", "stores", "storage_group name", "/stores/{name}?storage_group={storage_group}",
      "name storage_group " STORE_FIELDS, STORE_FIELDS, .adapt = adapt_store, .is_outside = true,
      .later = "organisation" },
    { "organisations", "/organisations", "organisations", "name", "/organisations/{name}", "name quota",
      "quota accepts max_message language undo_send protocols", .has_details = true },
    { "roles", "/roles?organisation={organisation}", "roles", "organisation name", "/roles/{id}",
      "organisation name permissions meaning", "permissions meaning", .lists = CONFIG_OF_ORGANISATIONS,
      .key = "id", .is_said = is_own_role },
    { "second_factor", "/organisations/{organisation}/second-factor", NULL, "organisation",
      "/organisations/{organisation}/second-factor", "organisation required", "required",
      .lists = CONFIG_OF_ORGANISATIONS, .put = "PUT", .nothing = "{\"required\": []}",
      .is_said = asks_somebody },
    { "admin_groups", "/admin-groups", "admin_groups", "organisation name",
      "/admin-groups/{name}?organisation={organisation}", "organisation name", "" },
    { "routing_groups", "/routing-groups", "routing_groups", "name", "/routing-groups/{name}", "name", "" },
    { "servers", "/servers", "servers", "name", "/servers/{name}", "name routing_group address",
      "routing_group address" },
    { "connectors", "/connectors", "connectors", "name", "/connectors/{name}", "name " CONNECTOR_FIELDS,
      CONNECTOR_FIELDS, .left_out = "login=auth" },
    { "domains", "/domains", "domains", "name", "/domains/{name}",
      "name organisation kind target subaddresses quota",
      "kind target subaddresses enabled quota protocols admin_group" },
    { "directories", "/directories", "directories", "organisation name",
      "/directories/{name}?organisation={organisation}", "name organisation type " DIRECTORY_FIELDS,
      DIRECTORY_FIELDS, .has_details = true, .adapt = adapt_directory, .is_said = is_company_directory,
      .left_out = "bind_password=bind_password key=key write_password=write_password" },
    { "identity_providers", "/identity-providers?organisation={organisation}", "identity_providers",
      "organisation name", "/identity-providers/{name}?organisation={organisation}",
      "name organisation " PROVIDER_FIELDS, PROVIDER_FIELDS, .lists = CONFIG_OF_ORGANISATIONS,
      .left_out = "has_secret=secret" },
    { "dkim", "/dkim", "keys", "domain selector", NULL, NULL, NULL, .left_out = "selector=key" },
    { "backup_mx", "/backup-mx", "backup_mx", "domain", "/backup-mx/{domain}",
      "domain type organisation ask_primary", "type enabled ask_primary", .adapt = adapt_backup,
      .left_out = "knows_recipients=recipients" },
    { "contacts", "/contacts", "contacts", "address", "/contacts/{address}",
      "address name target admin_group " PERSON_FIELDS RECIPIENT_RULES,
      "name target enabled admin_group " PERSON_FIELDS RECIPIENT_RULES, .has_details = true,
      .whole = PERSON_FIELDS, .is_said = is_internal },
    { "groups", "/groups", "groups", "address", "/groups/{address}",
      "address name members admin_group" LIST_FIELDS RECIPIENT_RULES,
      "name enabled admin_group" LIST_FIELDS RECIPIENT_RULES, .has_details = true, .adapt = adapt_group,
      .is_said = is_internal },
    { "aliases", "/aliases", "aliases", "address", "/aliases/{address}", "address targets admin_group",
      "targets enabled admin_group", .adapt = adapt_alias },
    { "catch_all", "/domains", "domains", "name", "/domains/{name}", "name catch_all", "catch_all",
      .put = "PATCH", .nothing = "{\"catch_all\": \"\"}", .is_said = has_catch_all },
    { "managers", "/contacts", "contacts", "address", "/contacts/{address}", "address manager", "manager",
      .put = "PATCH", .nothing = "{\"manager\": \"\"}", .has_details = true, .is_said = has_manager },
    { "senders", "/senders", "senders", "recipient person", "/recipients/{recipient}/senders/{person}",
      "person on_behalf", NULL, .made_at = "/recipients/{recipient}/senders", .named = "recipient" },
    { "shares", "/shares", "shares", "mailbox person", "/mailboxes/{mailbox}/shares/{person}",
      "person rights folders", NULL, .made_at = "/mailboxes/{mailbox}/shares", .named = "mailbox" },
    { "address_lists", "/address-lists?organisation={organisation}", "address_lists", "organisation name",
      "/address-lists/{name}?organisation={organisation}", "name organisation query position visible_to",
      "query position visible_to", .lists = CONFIG_OF_ORGANISATIONS },
    { "recipient_policies", "/recipient-policies?organisation={organisation}", "recipient_policies",
      "organisation name", "/recipient-policies/{name}?organisation={organisation}",
      "name organisation query " POLICY_FIELDS, "query " POLICY_FIELDS, .lists = CONFIG_OF_ORGANISATIONS },
    { "filter", "/filter?organisation={organisation}&domain={domain}", "settings", "organisation domain name",
      "/filter", "organisation domain name value", "organisation domain name value",
      .lists = CONFIG_OF_ALL_AND_ORGANISATIONS, .below = "domains", .put = "PATCH",
      .nothing = "{\"value\": null}", .is_said = is_set_here },
    { "block", "/block?organisation={organisation}", "entries", "organisation value",
      "/block/entry?value={value}&organisation={organisation}", "organisation value note expires", NULL,
      .lists = CONFIG_OF_ALL_AND_ORGANISATIONS, .is_said = is_listed },
    { "allow", "/allow?organisation={organisation}", "entries", "organisation value",
      "/allow/entry?value={value}&organisation={organisation}", "organisation value note expires", NULL,
      .lists = CONFIG_OF_ALL_AND_ORGANISATIONS, .is_said = is_listed },
    { "rules", "/rules?organisation={organisation}", "rules", "organisation name",
      "/rules/{name}?organisation={organisation}", "name organisation position " RULE_PARTS,
      "position enabled " RULE_PARTS, .lists = CONFIG_OF_ORGANISATIONS, .whole = RULE_PARTS,
      .adapt = adapt_rule },
    { "grants", "/grants", "grants", "holder role scope object", "/grants/{id}",
      "holder role scope object until approval", NULL, .key = "id", .is_said = is_granted },
};

const struct config_section *config_sections(size_t *count_out)
{
    *count_out = COUNT_OF(sections);
    return sections;
}
