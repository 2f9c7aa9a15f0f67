/*
 * probe.c -- connect, TLS, bind, root, base, entries; every step with its remedy.
 */
#include "sync/probe.h"

#include "sync/map.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { STEP_MS = 8000, SAMPLES_OF_A_KIND = 4, LOOKED_AT = 300, SHOWN_ADDRESSES = 5 };

struct probing {
    const struct source *source;
    struct ldap_pool *pool;
    struct ldap_link *link; /* to the first server that works */
    struct sync_map *map;
    const char *base;
    void *arena;
    json_t *steps, *samples, *proposal;
    bool is_good;
    int64_t numbers[MIRROR_KINDS], seen;
};

static void note(struct probing *p, const char *server, const char *step, bool is_good, const char *detail,
                 const char *remedy)
{
    char *valid = g_utf8_make_valid(detail, -1);

    json_array_append_new(p->steps, json_pack("{s:s, s:s, s:b, s:s, s:s}", "server", server, "step", step,
                                              "good", is_good, "detail", valid, "remedy", remedy));
    g_free(valid);
    p->is_good = p->is_good && is_good;
}

/* ---- servers */

static const char *const step_names[LDAP_STEPS] = { "connect", "tls", "bind" };

static const char *remedy_for(const struct probing *p, const struct ldap_trial *trial, const struct err *err)
{
    if (*trial->remedy)
        return trial->remedy;
    if (trial->failed == LDAP_STEP_CONNECT)
        return "Check host name and port, and whether a firewall lets this server through.";
    if (trial->failed == LDAP_STEP_TLS)
        return "Check port, encryption and certificates.";
    if (strstr(err->log, "Strong(er)") || strstr(err->log, "Confidentiality required"))
        return "The directory takes passwords over encrypted connections only: choose starttls or ldaps.";
    if (p->source->bind && strcmp(p->source->bind, "gssapi") == 0)
        return "Check the principal, its password or keytab, the clock, and /etc/krb5.conf.";
    if (p->source->bind && strcmp(p->source->bind, "external") == 0)
        return "The directory does not know the certificate. Map it to an account there.";
    return "Check the name of the account (a DN, or what the directory takes for one) and its password.";
}

static void try_server(struct probing *p, const char *url)
{
    struct ldap_trial trial;
    struct ldap_link *link;
    struct err err = ERR_INIT;
    bool ok = ldap_pool_try(p->pool, url, STEP_MS, &trial, &link, &err);

    for (int step = 0; step < LDAP_STEPS; step++) {
        bool is_failed = !ok && (int)trial.failed == step;
        if (!ok && step > (int)trial.failed)
            break;
        note(p, url, step_names[step], !is_failed,
             is_failed               ? (*err.log ? err.log : err.user)
             : step == LDAP_STEP_TLS ? trial.peer
                                     : "",
             is_failed ? remedy_for(p, &trial, &err) : "");
    }
    if (ok && !p->link)
        p->link = link;
    else
        ldap_link_release(&link);
}

/* ---- what the root says */

static const char *flavour_of(const struct ldap_entry *root)
{
    const char *const vendors[][2] = { { "389", "389ds" }, { "Fedora", "389ds" }, { "Samba", "ad" } };
    char *vendor;
    const char *flavour = "openldap";

    if (ldap_entry_attribute(root, "highestCommittedUSN") ||
        ldap_entry_attribute(root, "rootDomainNamingContext"))
        return "ad";
    vendor = ldap_entry_text(NULL, root, "vendorName");
    for (size_t i = 0; vendor && i < COUNT_OF(vendors); i++)
        if (strstr(vendor, vendors[i][0]))
            flavour = vendors[i][1];
    talloc_free(vendor);
    return flavour;
}

json_t *sync_usual(const struct source *source)
{
    struct source usual = { .kind = source->kind, .flavour = source->flavour };
    struct sync_filters filters = sync_default_filters(source_flavour(&usual));
    json_t *json = json_pack("{s:s, s:s, s:s}", "user_filter", filters.user, "contact_filter",
                             filters.contact, "group_filter", filters.group);
    void *arena = talloc_new(NULL);
    struct sync_map *map;
    struct err err = ERR_INIT;

    if (sync_map_open(arena, &usual, &map, &err))
        json_object_set_new(json, "mapping", sync_map_json(map));
    talloc_free(arena);
    return json;
}

/* Where entries of people may be: not the record of changes. */
static const char *naming_of(struct probing *p, const struct ldap_entry *root)
{
    const char *const names[] = { "defaultNamingContext", "namingContexts" };

    for (size_t n = 0; n < COUNT_OF(names); n++) {
        const struct ldap_attribute *contexts = ldap_entry_attribute(root, names[n]);
        for (size_t i = 0; contexts && i < contexts->count; i++)
            if (!span_equals_nocase(contexts->values[i], "cn=changelog"))
                return span_copy(p->arena, contexts->values[i]);
    }
    return "";
}

/* FreeIPA is a 389 Directory Server with people in a place of their own. Theirs are shown once more elsewhere, without mail; those who left
 * lie elsewhere as well. */
static bool is_freeipa(struct probing *p, const char *naming, const char **base_out)
{
    static const char *nothing[] = { "1.1", NULL };
    struct ldap_search search = { .base = talloc_asprintf(p->arena, "cn=users,cn=accounts,%s", naming),
                                  .filter = "(objectClass=*)",
                                  .attributes = nothing };
    struct ldap_entry people;
    struct err err = ERR_INIT;

    if (!ldap_link_find(p->link, p->arena, &search, &people, &err))
        return false;
    *base_out = talloc_asprintf(p->arena, "cn=accounts,%s", naming);
    return true;
}

static void propose(struct probing *p, const struct ldap_entry *root)
{
    const char *flavour = flavour_of(root), *base = naming_of(p, root);
    bool is_ipa = strcmp(flavour, "389ds") == 0 && is_freeipa(p, base, &base);
    struct source found = { .kind = strcmp(flavour, "ad") == 0 ? SOURCE_AD : SOURCE_LDAP,
                            .flavour = is_ipa ? "freeipa" : flavour };

    p->proposal = sync_usual(&found);
    json_object_update_new(p->proposal, json_pack("{s:s, s:s}", "flavour", found.flavour, "base", base));
    if (!p->base)
        p->base = base;
}

static void look_at_root(struct probing *p)
{
    const char *names[] = { "*", "+", NULL };
    struct ldap_search search = { .base = "", .filter = "(objectClass=*)", .attributes = names };
    struct ldap_entry root;
    struct err err = ERR_INIT;
    const char *url = ldap_link_url(p->link);

    if (!ldap_link_find(p->link, p->arena, &search, &root, &err)) {
        note(p, url, "root", false, err.log, "Allow the account to read the rootDSE.");
        return;
    }
    propose(p, &root);
    note(p, url, "root", true, json_string_value(json_object_get(p->proposal, "flavour")), "");
}

/* ---- entries */

static bool take_sample(void *arg, const struct ldap_entry *entry, struct err *err)
{
    struct probing *p = arg;
    void *arena = talloc_new(NULL);
    struct mirror_entry out;

    if (sync_map(p->map, arena, entry, &out)) {
        json_t *addresses = json_array();
        p->numbers[out.kind]++;
        for (size_t i = 0; i < out.address_count && i < SHOWN_ADDRESSES; i++)
            json_array_append_new(addresses, json_string(out.addresses[i]));
        if (p->numbers[out.kind] <= SAMPLES_OF_A_KIND)
            json_array_append_new(p->samples,
                                  json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:O, s:I, s:s}", "kind",
                                            mirror_kind_name(out.kind), "dn", out.dn, "name", out.name,
                                            "account", out.account, "principal", out.principal, "addresses",
                                            addresses, "enabled", out.is_enabled, "person", out.person,
                                            "members", (json_int_t)(out.member_count), "fault", out.fault));
        else
            json_decref(addresses);
    }
    talloc_free(arena);
    return ++p->seen < LOOKED_AT || err_set(err, ERR_LIMIT, "That is enough.");
}

static const char *search_remedy(const struct err *err)
{
    switch (err->kind) {
    case ERR_INVALID:
        return "Correct the filter.";
    case ERR_LIMIT:
        return "Raise the limits that the server sets for this account: so many entries, or so long a search, it does not give.";
    default:
        return "Look whether the account may search there.";
    }
}

static void look_at_entries(struct probing *p)
{
    struct ldap_search search = { .base = p->base,
                                  .scope = LDAP_SUBTREE,
                                  .filter = sync_map_filter(p->map),
                                  .attributes = sync_map_attributes(p->map),
                                  .page_size = 50,
                                  .time_limit_s = 10 };
    struct err err = ERR_INIT;
    const char *url = ldap_link_url(p->link);
    bool ok;

    if (!p->base || !*p->base) {
        note(p, url, "base", false, "", "Give the source a base: the DN below which people are.");
        return;
    }
    ok = ldap_link_search(p->link, &search, take_sample, p, &err) || p->seen >= LOOKED_AT;
    if (!ok && err.kind == ERR_NOT_FOUND) {
        note(p, url, "base", false, err.log, "There is no such base, or the account may not see it.");
        return;
    }
    note(p, url, "base", true, p->base, "");
    if (!ok)
        note(p, url, "search", false, *err.log ? err.log : err.user, search_remedy(&err));
    else if (json_array_size(p->samples) == 0)
        note(p, url, "search", false, "No entry was found.",
             "Look at base and filters, and whether the account may read entries.");
    else
        note(p, url, "search", true, talloc_asprintf(p->arena, "%lld entries looked at", (long long)p->seen),
             "");
}

static void look(struct probing *p, const struct ldap_settings *settings)
{
    struct ldap_server_health *found;
    size_t count;
    struct ldap_link *link;
    struct err err = ERR_INIT;

    for (size_t i = 0; i < settings->server_count; i++) {
        if (strncmp(settings->servers[i].url, "srv://", 6) != 0) {
            try_server(p, settings->servers[i].url);
            continue;
        }
        /* whoever takes a link asks DNS */
        if (ldap_link_take(p->pool, LDAP_LINK_BARE, STEP_MS, &link, &err))
            ldap_link_release(&link);
        ldap_pool_health(p->pool, p->arena, &found, &count);
        note(
            p, settings->servers[i].url, "dns", count > 0,
            count > 0 ? found[0].url : (*err.log ? err.log : err.user),
            count > 0
                ? ""
                : "Ask DNS for the SRV records of _ldap._tcp in that domain, or name servers by their URLs.");
        for (size_t k = 0; k < count; k++)
            try_server(p, found[k].url);
    }
    if (!p->link)
        return;
    ldap_link_extend(p->link, STEP_MS * 2);
    look_at_root(p);
    look_at_entries(p);
}

bool sync_probe(const struct source *source, ldap_find_srv *find_srv, void *find_srv_arg, json_t **report_out,
                struct err *err)
{
    struct probing p = { .source = source,
                         .arena = talloc_new(NULL),
                         .base = source->base,
                         .steps = json_array(),
                         .samples = json_array(),
                         .is_good = true };
    struct ldap_settings settings;
    bool ok;

    *err = ERR_INIT;
    ok = source_ldap(p.arena, source, &settings, err) && sync_map_open(p.arena, source, &p.map, err);
    settings.find_srv = find_srv;
    settings.find_srv_arg = find_srv_arg;
    if (ok && ldap_pool_open(p.arena, &settings, &p.pool, err)) {
        look(&p, &settings);
        ldap_link_release(&p.link);
        ldap_pool_close(&p.pool);
        *report_out = json_pack("{s:b, s:O, s:O}", "good", p.is_good, "steps", p.steps, "samples", p.samples);
        json_object_set(*report_out, "proposal", p.proposal ? p.proposal : json_null());
    } else {
        ok = false;
    }
    json_decref(p.steps);
    json_decref(p.samples);
    json_decref(p.proposal);
    talloc_free(p.arena);
    return ok;
}
