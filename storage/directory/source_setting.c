/*
 * source_setting.c -- what a source is told, one row a setting: from JSON, to JSON, checked.
 */
#include "directory/source_setting.h"

#include "directory/act.h"

#include <stddef.h>
#include <string.h>
#include <talloc.h>

enum type { TYPE_TEXT, TYPE_PEM, TYPE_TEXTS, TYPE_NUMBER, TYPE_FLAG, TYPE_WORD, TYPE_WORDS };

#define AT(member) offsetof(struct source, member)

static const struct setting {
    const char *name;
    enum type type;
    size_t offset;
    int64_t least, most; /* of a number */
    const char *words;   /* that are known */
} settings[] = {
    /* what kind of server it is: decides the defaults of filters and mapping */
    { "flavour", TYPE_WORD, AT(flavour), .words = "openldap ad 389ds freeipa" },
    /* servers, with their cost behind '=': the cheapest that works is asked */
    { "urls", TYPE_TEXTS, AT(urls) },
    { "tls", TYPE_WORD, AT(tls), .words = "none starttls ldaps" },
    /* whose certificates are trusted (PEM); none: the system's authorities */
    { "trusted", TYPE_PEM, AT(trusted) },
    /* our own (PEM), for EXTERNAL; its key is a secret */
    { "certificate", TYPE_PEM, AT(certificate) },
    { "bind", TYPE_WORD, AT(bind), .words = "simple external gssapi" },
    { "bind_dn", TYPE_TEXT, AT(bind_dn) },
    { "keytab", TYPE_TEXT, AT(keytab) },
    { "base", TYPE_TEXT, AT(base) },
    { "user_filter", TYPE_TEXT, AT(user_filter) },
    { "contact_filter", TYPE_TEXT, AT(contact_filter) },
    { "group_filter", TYPE_TEXT, AT(group_filter) },
    { "mapping", TYPE_TEXTS, AT(mapping) },
    { "mailboxes", TYPE_WORD, AT(mailboxes), .words = "all filter group hand" },
    { "mailbox_filter", TYPE_TEXT, AT(mailbox_filter) },
    { "mailbox_group", TYPE_TEXT, AT(mailbox_group) },
    { "placement", TYPE_TEXTS, AT(placement) },
    { "interval_s", TYPE_NUMBER, AT(interval_s), 5, 604800 },
    { "full_interval_s", TYPE_NUMBER, AT(full_interval_s), 60, 31536000 },
    { "page_size", TYPE_NUMBER, AT(page_size), 0, 10000 },
    { "size_limit", TYPE_NUMBER, AT(size_limit), 0, 10000000 },
    { "time_limit_s", TYPE_NUMBER, AT(time_limit_s), 0, 3600 },
    { "connections", TYPE_NUMBER, AT(connections), 1, 100 },
    { "connect_ms", TYPE_NUMBER, AT(connect_ms), 100, 60000 },
    { "answer_ms", TYPE_NUMBER, AT(answer_ms), 100, 600000 },
    /* a run that would take away more of its recipients than so many of a hundred stops and asks */
    { "remove_percent", TYPE_NUMBER, AT(remove_percent), 0, 100 },
    /* what becomes of a mailbox whose entry has been gone for removed_days */
    { "removed", TYPE_WORD, AT(removed), .words = "keep delete" },
    { "removed_days", TYPE_NUMBER, AT(removed_days), 0, 3650 },
    /* what of our recipients is written into entries that do not have it, and as whom */
    { "write_back", TYPE_WORDS, AT(write_back), .words = "mail aliases photo" },
    { "write_dn", TYPE_TEXT, AT(write_dn) },
    { "logs_in", TYPE_FLAG, AT(logs_in) },
    { "login_names", TYPE_WORDS, AT(login_names), .words = "upn account mail domain" },
    { "login_domain", TYPE_TEXT, AT(login_domain) },
    { "login_cache_s", TYPE_NUMBER, AT(login_cache_s), 0, 86400 },
};

const struct source_secret source_secrets[SOURCE_SECRETS] = {
    { "bind_password", AT(bind_password), AT(has_bind_password) },
    { "key", AT(key), AT(has_key) },
    { "write_password", AT(write_password), AT(has_write_password) },
};

static void *member(const struct source *source, size_t offset)
{
    return (char *)(uintptr_t)source + offset;
}

void source_defaults(const void *owner, enum source_kind kind, struct source *source_out)
{
    static const char *upn[] = { "upn", "account", "mail", "domain" }, *uid[] = { "account", "mail" };
    bool is_ad = kind == SOURCE_AD;

    (void)owner;
    *source_out = (struct source){ .kind = kind,
                                   .is_enabled = true,
                                   .flavour = is_ad ? "ad" : "openldap",
                                   .tls = "starttls",
                                   .bind = "simple",
                                   .mailboxes = "all",
                                   .interval_s = 300,
                                   .full_interval_s = 86400,
                                   .page_size = 500,
                                   .time_limit_s = 120,
                                   .connections = 8,
                                   .connect_ms = 3000,
                                   .answer_ms = 10000,
                                   .remove_percent = 10,
                                   .removed = "keep",
                                   .removed_days = 30,
                                   .logs_in = true,
                                   .login_names = is_ad ? (struct source_texts){ upn, COUNT_OF(upn) }
                                                        : (struct source_texts){ uid, COUNT_OF(uid) },
                                   .login_cache_s = 60 };
}

/* ---- from JSON */

static bool is_word(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *p = words; *p;) {
        size_t n = strcspn(p, " ");
        if (n == length && memcmp(p, word, n) == 0)
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static bool check_text(const struct setting *setting, const char *text, struct err *err)
{
    if (strlen(text) > (setting->type == TYPE_PEM ? SOURCE_PEM_MAX : SOURCE_TEXT_MAX))
        return err_set(err, ERR_LIMIT, "The setting %s is too long.", setting->name);
    for (const char *p = text; *p && setting->type != TYPE_PEM; p++)
        if ((unsigned char)*p < ' ')
            return err_set(err, ERR_INVALID, "The setting %s has a control character.", setting->name);
    if (setting->words && *text && !is_word(setting->words, text))
        return err_set(err, ERR_INVALID, "%.60s is none of the words of the setting %s: %s.", text,
                       setting->name, setting->words);
    return true;
}

static bool take_text(const void *owner, const struct setting *setting, const json_t *value, const char **out,
                      struct err *err)
{
    const char *text = json_string_value(value);

    if (json_is_null(value))
        text = "";
    if (!text)
        return err_set(err, ERR_INVALID, "The setting %s is a text.", setting->name);
    if (!check_text(setting, text, err))
        return false;
    *out = *text ? talloc_strdup(owner, text) : NULL;
    return true;
}

static bool take_texts(const void *owner, const struct setting *setting, const json_t *value,
                       struct source_texts *out, struct err *err)
{
    size_t count = json_array_size(value);
    struct source_texts texts = { talloc_zero_array(owner, const char *, (unsigned)count + 1), count };

    if (!json_is_array(value))
        return err_set(err, ERR_INVALID, "The setting %s is a list of texts.", setting->name);
    if (count > SOURCE_TEXTS_MAX)
        return err_set(err, ERR_LIMIT, "The setting %s has at most %d texts.", setting->name,
                       SOURCE_TEXTS_MAX);
    for (size_t i = 0; i < count; i++)
        if (!take_text(owner, setting, json_array_get(value, i), &texts.texts[i], err) || !texts.texts[i])
            return err->kind == ERR_NONE
                       ? err_set(err, ERR_INVALID, "The setting %s has an empty text.", setting->name)
                       : false;
    *out = texts;
    return true;
}

static bool take_number(const struct setting *setting, const json_t *value, int64_t *out, struct err *err)
{
    int64_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < setting->least || number > setting->most)
        return err_set(err, ERR_INVALID, "The setting %s is a number from %lld to %lld.", setting->name,
                       (long long)setting->least, (long long)setting->most);
    *out = number;
    return true;
}

static bool take_one(const void *owner, const struct setting *setting, const json_t *value,
                     struct source *source, struct err *err)
{
    void *at = member(source, setting->offset);

    switch (setting->type) {
    case TYPE_NUMBER:
        return take_number(setting, value, at, err);
    case TYPE_FLAG:
        *(bool *)at = json_is_true(value);
        return json_is_boolean(value) ||
               err_set(err, ERR_INVALID, "The setting %s is true or false.", setting->name);
    case TYPE_TEXTS:
    case TYPE_WORDS:
        return take_texts(owner, setting, value, at, err);
    default:
        return take_text(owner, setting, value, at, err);
    }
}

bool source_take_json(const void *owner, struct source *source, const json_t *json, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        const json_t *value = json_object_get(json, settings[i].name);
        if (value && !take_one(owner, &settings[i], value, source, err))
            return false;
    }
    for (size_t i = 0; i < SOURCE_SECRETS; i++) {
        const json_t *value = json_object_get(json, source_secrets[i].name);
        if (!json_is_string(value))
            continue;
        if (json_string_length(value) > SOURCE_PEM_MAX)
            return err_set(err, ERR_LIMIT, "The setting %s is too long.", source_secrets[i].name);
        *(const char **)member(source, source_secrets[i].offset) =
            talloc_strdup(owner, json_string_value(value));
        *(bool *)member(source, source_secrets[i].has_offset) = *json_string_value(value) != '\0';
    }
    return true;
}

/* ---- to JSON */

static json_t *texts_json(const struct source_texts *texts)
{
    json_t *list = json_array();

    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(list, json_string(texts->texts[i]));
    return list;
}

static json_t *value_json(const struct source *source, const struct setting *setting)
{
    const void *at = member(source, setting->offset);

    switch (setting->type) {
    case TYPE_NUMBER:
        return json_integer(*(const int64_t *)at);
    case TYPE_FLAG:
        return json_boolean(*(const bool *)at);
    case TYPE_TEXTS:
    case TYPE_WORDS:
        return texts_json(at);
    default:
        return *(const char *const *)at ? json_string(*(const char *const *)at) : json_string("");
    }
}

json_t *source_json(const struct source *source)
{
    json_t *json = json_object();

    for (size_t i = 0; i < COUNT_OF(settings); i++)
        json_object_set_new(json, settings[i].name, value_json(source, &settings[i]));
    for (size_t i = 0; i < SOURCE_SECRETS; i++)
        json_object_set_new(json, source_secrets[i].name,
                            json_boolean(*(bool *)member(source, source_secrets[i].has_offset)));
    return json;
}

json_t *source_differences(const struct source *source)
{
    struct source defaults;
    json_t *json = json_object();

    source_defaults(NULL, source->kind, &defaults);
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        json_t *value = value_json(source, &settings[i]), *before = value_json(&defaults, &settings[i]);
        if (!json_equal(value, before))
            json_object_set(json, settings[i].name, value);
        json_decref(value);
        json_decref(before);
    }
    return json;
}

enum source_flavour source_flavour(const struct source *source)
{
    if (source->kind == SOURCE_AD || (source->flavour && strcmp(source->flavour, "ad") == 0))
        return FLAVOUR_AD;
    return source->flavour && strcmp(source->flavour, "openldap") != 0 ? FLAVOUR_389DS : FLAVOUR_OPENLDAP;
}

enum source_mailboxes source_mailboxes(const struct source *source)
{
    static const char *const words[MAILBOXES_RULES] = { "all", "filter", "group", "hand" };
    int i = 0;

    while (i < MAILBOXES_RULES && strcmp(words[i], source->mailboxes ? source->mailboxes : "all") != 0)
        i++;
    return i < MAILBOXES_RULES ? (enum source_mailboxes)i : MAILBOXES_ALL;
}

/* ---- together */

bool source_check(const struct source *source, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct ldap_settings ldap;
    struct source probe = *source;
    struct ldap_pool *pool = NULL;
    bool ok;

    /* a secret that stays as it was is there, too */
    if (!probe.bind_password && probe.has_bind_password)
        probe.bind_password = "kept";
    if (!probe.key && probe.has_key)
        probe.key = "kept";
    ok = check_name(source->name, "directory source", err) && source_ldap(scratch, &probe, &ldap, err) &&
         ldap_pool_open(scratch, &ldap, &pool, err);
    ldap_pool_close(&pool);
    if (ok && !source->base)
        ok = err_set(err, ERR_INVALID, "A source needs a base: the DN below which it is searched.");
    if (ok && source->write_back.count && (!source->write_dn || !source->has_write_password))
        ok = err_set(err, ERR_INVALID,
                     "Writing back needs an account of its own: the settings write_dn and write_password.");
    if (ok && source_mailboxes(source) == MAILBOXES_FILTER && !source->mailbox_filter)
        ok = err_set(err, ERR_INVALID, "Mailboxes by a filter need the setting mailbox_filter.");
    if (ok && source_mailboxes(source) == MAILBOXES_GROUP && !source->mailbox_group)
        ok = err_set(err, ERR_INVALID, "Mailboxes by a group need the setting mailbox_group.");
    talloc_free(scratch);
    return ok;
}
