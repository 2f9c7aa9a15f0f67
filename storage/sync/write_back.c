/* write_back.c -- compare, write, note. */
#include "sync/write_back.h"

#include "base/clock.h"
#include "base/log.h"
#include "directory/written.h"
#include "ldap/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { WRITER_MS = 60000, PREVIEW_MS = 8000, FIELDS = 3 };

enum field_kind { FIELD_MAIL, FIELD_ALIASES, FIELD_PHOTO };
static const char *const words[FIELDS] = {
    [FIELD_MAIL] = "mail", [FIELD_ALIASES] = "aliases", [FIELD_PHOTO] = "photo"
};

struct writing {
    struct directory *directory;
    const struct source *source;
    struct ldap_link *link;
    bool is_dry, has_written, is_whole;
    int64_t looked, most; /* entries; most 0: all */
    int64_t until_us;     /* of a preview: monotonic */
    json_t *changes;
    bool is_wanted[FIELDS];
    const char *attributes[FIELDS];
};

/* One entry on its way. */
struct comparing {
    void *arena;
    const struct written_due *due;
    struct ldap_entry entry; /* as it stands there */
    struct ldap_write writes[FIELDS];
    size_t write_count;
    const char **ours; /* what of it will be ours afterwards */
    size_t ours_count;
    char *detail; /* for people; NULL: nothing to do */
};

static void begin(struct writing *writing)
{
    const struct source_texts *wanted = &writing->source->write_back;

    writing->attributes[FIELD_MAIL] = "mail";
    writing->attributes[FIELD_ALIASES] = "proxyAddresses";
    writing->attributes[FIELD_PHOTO] =
        source_flavour(writing->source) == FLAVOUR_AD ? "thumbnailPhoto" : "jpegPhoto";
    for (size_t i = 0; i < wanted->count; i++)
        for (int field = 0; field < FIELDS; field++)
            if (strcmp(wanted->texts[i], words[field]) == 0)
                writing->is_wanted[field] = true;
}

/* ---- comparing */

static bool was_written(const struct comparing *c, const char *attribute, struct span value)
{
    char *name = written_name(c->arena, attribute, value);

    for (size_t i = 0; i < c->due->value_count; i++)
        if (strcmp(c->due->values[i], name) == 0)
            return true;
    return false;
}

static void keep_as_ours(struct comparing *c, const char *attribute, struct span value)
{
    c->ours = talloc_realloc(c->arena, c->ours, const char *, (unsigned)c->ours_count + 1);
    c->ours[c->ours_count++] = written_name(c->arena, attribute, value);
}

/* Case of addresses does not count, that of bytes of a picture does. */
static bool is_same(enum field_kind field, struct span a, struct span b)
{
    if (span_length(a) != span_length(b))
        return false;
    return field == FIELD_PHOTO ? span_equals(a, b) : strncasecmp(a.p, b.p, span_length(a)) == 0;
}

static bool is_among(enum field_kind field, struct span value, const struct span *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_same(field, value, values[i]))
            return true;
    return false;
}

/* What stands there and should not: ours, still as we wrote it. */
static size_t find_stale(struct comparing *c, const char *attribute, enum field_kind field,
                         const struct span *wanted, size_t wanted_count, struct span *stale)
{
    const struct ldap_attribute *there = ldap_entry_attribute(&c->entry, attribute);
    size_t count = 0;

    for (size_t i = 0; there && i < there->count; i++)
        if (!is_among(field, there->values[i], wanted, wanted_count) &&
            was_written(c, attribute, there->values[i]))
            stale[count++] = there->values[i];
    return count;
}

static void tell(struct comparing *c, enum field_kind field, struct span value)
{
    const char *before = c->detail ? talloc_asprintf(c->arena, "%s; ", c->detail) : "";

    c->detail = field == FIELD_PHOTO ? talloc_asprintf(c->arena, "%sphoto", before)
                                     : talloc_asprintf(c->arena, "%s%s: %.*s", before, words[field],
                                                       (int)span_length(value), value.p);
}

/* A list takes what it lacks; a single value only where nothing else is left. */
static void compare(struct comparing *c, const char *attribute, enum field_kind field,
                    const struct span *wanted, size_t wanted_count)
{
    const struct ldap_attribute *there = ldap_entry_attribute(&c->entry, attribute);
    size_t there_count = there ? there->count : 0, added_count = 0, stale_count;
    struct span *stale = talloc_array(c->arena, struct span, (unsigned)there_count + 1),
                *added = talloc_array(c->arena, struct span, (unsigned)wanted_count + 1);

    stale_count = find_stale(c, attribute, field, wanted, wanted_count, stale);
    for (size_t i = 0; i < wanted_count; i++) {
        bool is_there = there && is_among(field, wanted[i], there->values, there->count);
        if (is_there && was_written(c, attribute, wanted[i]))
            keep_as_ours(c, attribute, wanted[i]);
        if (is_there || (field != FIELD_ALIASES && there_count > stale_count))
            continue;
        added[added_count++] = wanted[i];
        keep_as_ours(c, attribute, wanted[i]);
        tell(c, field, wanted[i]);
    }
    if (stale_count && !added_count)
        tell(c, field, span_text("-"));
    if (added_count + stale_count)
        c->writes[c->write_count++] = (struct ldap_write){ attribute,   stale,
                                                           added,       stale_count,
                                                           added_count, there_count == stale_count };
}

static struct span proxy_address(void *arena, const char *address, bool is_primary)
{
    return span_text(talloc_asprintf(arena, "%s:%s", is_primary ? "SMTP" : "smtp", address));
}

static void compare_all(const struct writing *writing, struct comparing *c)
{
    const struct written_due *due = c->due;
    struct span *proxies = talloc_array(c->arena, struct span, (unsigned)due->address_count + 1);
    struct span mail = span_text(due->address_count ? due->addresses[0] : "");

    for (size_t i = 0; i < due->address_count; i++)
        proxies[i] = proxy_address(c->arena, due->addresses[i], i == 0);
    if (writing->is_wanted[FIELD_MAIL])
        compare(c, writing->attributes[FIELD_MAIL], FIELD_MAIL, &mail, due->address_count ? 1 : 0);
    if (writing->is_wanted[FIELD_ALIASES])
        compare(c, writing->attributes[FIELD_ALIASES], FIELD_ALIASES, proxies, due->address_count);
    if (writing->is_wanted[FIELD_PHOTO])
        compare(c, writing->attributes[FIELD_PHOTO], FIELD_PHOTO, &due->photo,
                span_is_empty(due->photo) ? 0 : 1);
}

/* ---- writing */

static void record(struct writing *writing, const char *what, const char *dn, const char *detail)
{
    if (json_array_size(writing->changes) < RUN_CHANGES_MAX)
        json_array_append_new(writing->changes, json_pack("{s:s, s:s, s:s, s:s}", "what", what, "kind",
                                                          "user", "name", dn, "detail", detail));
}

/* What the directory refuses is its affair, and told; where it is away, the rest waits. */
static bool refused(struct writing *writing, const struct comparing *c, struct err *err)
{
    char message[sizeof err->user], cause[sizeof err->log];
    struct written_refusal refusal = { .message = message, .cause = cause };

    if (err_is_temporary(err->kind))
        return false;
    snprintf(message, sizeof message, "%s", err->user);
    snprintf(cause, sizeof cause, "%s", err->log);
    refusal.detail = c->detail ? c->detail : "";
    log_event(LOG_LEVEL_WARNING, "directory.write.refused", log_text("source", writing->source->name),
              log_text("dn", c->due->dn), log_text("cause", cause));
    record(writing, "write-refused", c->due->dn, message);
    *err = ERR_INIT;
    return writing->is_dry || written_refuse(writing->directory, writing->source, c->due->key, &refusal, err);
}

static bool write_one(struct writing *writing, struct comparing *c, struct err *err)
{
    const char *names[FIELDS + 1] = { writing->attributes[0], writing->attributes[1], writing->attributes[2],
                                      NULL };
    struct ldap_search search = { .base = c->due->dn, .filter = "(objectClass=*)", .attributes = names };
    bool ok;

    ldap_link_extend(writing->link, WRITER_MS);
    ok = ldap_link_find(writing->link, c->arena, &search, &c->entry, err);
    if (ok)
        compare_all(writing, c);
    if (ok && c->detail && !writing->is_dry)
        ok = ldap_link_write(writing->link, c->due->dn, c->writes, c->write_count, err);
    if (!ok)
        return refused(writing, c, err);
    if (c->detail) {
        writing->has_written = !writing->is_dry;
        record(writing, "write", c->due->dn, c->detail);
        log_event(LOG_LEVEL_INFO, writing->is_dry ? "directory.write.preview" : "directory.write",
                  log_text("source", writing->source->name), log_text("dn", c->due->dn),
                  log_text("what", c->detail));
    }
    return writing->is_dry ||
           written_note(writing->directory, writing->source, c->due->key, c->ours, c->ours_count, err);
}

typedef bool next_users(struct directory *directory, const void *owner, const struct source *source,
                        const char *after, struct written_due **due_out, size_t *count_out, struct err *err);

static bool goes_on(const struct writing *writing)
{
    return writing->most == 0 ||
           (writing->looked < writing->most && clock_monotonic_us() < writing->until_us);
}

/* writing->is_whole afterwards: there are no more. */
static bool write_batches(struct writing *writing, next_users *next, struct err *err)
{
    char after[WRITTEN_NAME_MAX] = "";
    bool ok = true;
    size_t count = 1;

    while (ok && count > 0 && goes_on(writing)) {
        void *arena = talloc_new(NULL);
        struct written_due *due;
        ok = next(writing->directory, arena, writing->source, after, &due, &count, err);
        for (size_t i = 0; ok && i < count && goes_on(writing); i++) {
            struct comparing c = { .arena = arena, .due = &due[i] };
            ok = write_one(writing, &c, err);
            snprintf(after, sizeof after, "%s", due[i].key);
            writing->looked++;
        }
        talloc_free(arena);
    }
    writing->is_whole = ok && count == 0;
    return ok;
}

static bool is_anything_due(struct writing *writing, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct written_due *due;
    size_t count = 0;
    bool is_due = written_due(writing->directory, arena, writing->source, "", &due, &count, err) && count > 0;

    talloc_free(arena);
    return is_due;
}

static bool take_writer(struct writing *writing, struct ldap_pool *pool, unsigned wait_ms, struct err *err)
{
    const struct source *source = writing->source;

    return ldap_writer_take(pool, source->write_dn ? source->write_dn : "",
                            source->write_password ? source->write_password : "", wait_ms, &writing->link,
                            err);
}

static bool write_all(struct writing *writing, struct ldap_pool *pool, const void *owner,
                      struct source_run *run, struct err *err)
{
    char *text;
    bool ok;

    if (!take_writer(writing, pool, WRITER_MS, err))
        return false;
    writing->changes = run->changes ? json_loads(run->changes, 0, NULL) : json_array();
    ok = write_batches(writing, written_due, err);
    text = json_dumps(writing->changes, JSON_COMPACT);
    run->changes = talloc_strdup(owner, text ? text : "[]");
    free(text);
    json_decref(writing->changes);
    ldap_link_release(&writing->link);
    return ok;
}

void sync_write_back(struct directory *directory, const struct source *source, struct ldap_pool *pool,
                     const void *owner, struct source_run *run)
{
    struct writing writing = { .directory = directory, .source = source, .is_dry = run->kind == RUN_PREVIEW };
    struct err err = ERR_INIT, noted = ERR_INIT;

    if (source->write_back.count == 0 || strcmp(run->state, "done") != 0)
        return;
    begin(&writing);
    if ((is_anything_due(&writing, &err) && !write_all(&writing, pool, owner, run, &err)) ||
        err.kind != ERR_NONE) {
        log_err(LOG_LEVEL_WARNING, "directory.write", &err);
        run->message = talloc_asprintf(owner, "Nothing more could be written back: %s", err.user);
    }
    if (!writing.is_dry &&
        !written_end(directory, source, writing.has_written, err.kind == ERR_NONE ? "" : err.user, &noted))
        log_err(LOG_LEVEL_WARNING, "directory.write.record", &noted);
}

/* ---- before anything is written */

static json_t *report_of(const struct writing *writing, const struct err *err)
{
    const char *message = err->kind == ERR_NONE ? "" : err->user;
    json_t *change;
    size_t i;

    json_array_foreach(writing->changes, i, change)
    {
        const char *what = json_string_value(json_object_get(change, "what")),
                   *detail = json_string_value(json_object_get(change, "detail"));
        json_object_set_new(change, "remedy",
                            json_string(strcmp(what, "write") == 0 ? "" : sync_write_remedy(detail)));
    }
    return json_pack("{s:b, s:s, s:s, s:I, s:b, s:O}", "good", err->kind == ERR_NONE, "message", message,
                     "remedy", sync_write_remedy(message), "looked", (json_int_t)writing->looked, "all",
                     writing->is_whole, "changes", writing->changes);
}

static bool is_whole(const struct source *source, struct err *err)
{
    if (source->write_back.count == 0)
        return err_set(err, ERR_INVALID, "Say what is to be written back: mail, aliases or photo.");
    if (!source->write_dn || !source->write_password)
        return err_set(err, ERR_INVALID,
                       "Writing back needs an account of its own: the settings write_dn and write_password.");
    return true;
}

bool sync_write_preview(struct directory *directory, const struct source *source, ldap_find_srv *find_srv,
                        void *find_srv_arg, json_t **report_out, struct err *err)
{
    struct writing writing = {
        .directory = directory,
        .source = source,
        .is_dry = true,
        .most = PREVIEW_ENTRIES_MAX,
        .until_us = clock_monotonic_us() + PREVIEW_MS * 1000LL,
    };
    void *arena = talloc_new(NULL);
    struct ldap_settings settings;
    struct ldap_pool *pool = NULL;
    struct err found = ERR_INIT;
    bool ok;

    *err = ERR_INIT;
    ok = is_whole(source, err) && source_ldap(arena, source, &settings, err);
    settings.find_srv = find_srv;
    settings.find_srv_arg = find_srv_arg;
    ok = ok && ldap_pool_open(arena, &settings, &pool, err);
    if (ok) {
        begin(&writing);
        writing.changes = json_array();
        if (take_writer(&writing, pool, PREVIEW_MS, &found) && !write_batches(&writing, written_all, &found))
            log_err(LOG_LEVEL_INFO, "directory.write.preview", &found);
        ldap_link_release(&writing.link);
        *report_out = report_of(&writing, &found);
        json_decref(writing.changes);
    }
    ldap_pool_close(&pool);
    talloc_free(arena);
    return ok;
}
