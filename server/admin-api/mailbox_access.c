/*
 * mailbox_access.c -- who reads and works in a mailbox that is nobody's own: rights on all of its folders at once.
 *
 * Nobody logs in to a shared mailbox, a room or equipment, so that nobody could share its folders. The mailbox of a person is shared by
 * that person alone.
 */
#include "admin_api/mailbox.h"
#include "directory/audit.h"
#include "directory/resolve.h"
#include "mailbox/folder.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

static const struct {
    const char *word;
    unsigned rights;
} words[] = {
    { "read", RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN },
    { "write", RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN | RIGHT_WRITE | RIGHT_INSERT | RIGHT_POST |
                   RIGHT_DELETE_MESSAGES | RIGHT_EXPUNGE },
    { "all", RIGHTS_ALL },
};

struct shared {
    struct opened_mailbox opened;
    struct folder **folders;
    size_t count;
};

static bool read_folders(struct admin_call *call, struct shared *shared, struct err *err)
{
    size_t count;

    shared->count = 0;
    if (shared->opened.user.kind == RECIPIENT_USER)
        return err_set(err, ERR_INVALID, "A mailbox of a person is shared by that person.");
    if (!folder_list(shared->opened.mailbox, &shared->opened.reader, call->arena, &shared->folders, &count,
                     err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (shared->folders[i]->folder_id)
            shared->folders[shared->count++] = shared->folders[i];
    return true;
}

/* mailbox_close() also where it is false. */
static bool open_shared(struct admin_call *call, struct shared *shared, struct err *err)
{
    *shared = (struct shared){ .count = 0 };
    return open_mailbox(call, call->parameters[0], &shared->opened, err) && read_folders(call, shared, err);
}

/* ---- reading */

struct person {
    int64_t recipient_id;
    unsigned rights; /* on every folder where he has any */
    size_t folder_count;
};

static struct person *person_of(GArray *persons, int64_t recipient_id)
{
    for (guint i = 0; i < persons->len; i++)
        if (g_array_index(persons, struct person, i).recipient_id == recipient_id)
            return &g_array_index(persons, struct person, i);
    g_array_append_val(persons, ((struct person){ recipient_id, RIGHTS_ALL, 0 }));
    return &g_array_index(persons, struct person, persons->len - 1);
}

static bool collect(struct admin_call *call, const struct shared *shared, GArray *persons, struct err *err)
{
    for (size_t i = 0; i < shared->count; i++) {
        struct rights_entry *entries;
        size_t count;

        if (!rights_list(shared->opened.mailbox, &shared->opened.reader, shared->folders[i]->name,
                         call->arena, &entries, &count, err))
            return false;
        for (size_t k = 0; k < count; k++)
            if (entries[k].subject == RIGHTS_RECIPIENT && !entries[k].is_negative && entries[k].rights) {
                struct person *person = person_of(persons, entries[k].recipient_id);
                person->rights &= entries[k].rights;
                person->folder_count++;
            }
    }
    return true;
}

static const char *word_of(const struct person *person, size_t folder_count)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (person->folder_count == folder_count && person->rights == words[i].rights)
            return words[i].word;
    return "other";
}

static json_t *list_of(struct admin_call *call, const GArray *persons, size_t folder_count)
{
    json_t *list = json_array();

    for (guint i = 0; i < persons->len; i++) {
        const struct person *person = &g_array_index(persons, struct person, i);
        char letters[RIGHTS_TEXT_MAX];
        struct resolved resolved;
        struct err gone = ERR_INIT;

        if (!directory_resolve_id(call->api->options.directory, call->arena, person->recipient_id, &resolved,
                                  &gone))
            continue;
        rights_render(person->rights, letters);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:I}", "person", resolved.address, "name",
                                              resolved.name ? resolved.name : "", "may",
                                              word_of(person, folder_count), "rights", letters, "folders",
                                              (json_int_t)person->folder_count));
    }
    return list;
}

bool mailbox_access_get(struct admin_call *call, struct err *err)
{
    GArray *persons = g_array_new(FALSE, FALSE, sizeof(struct person));
    struct shared shared;
    bool done = open_shared(call, &shared, err) && collect(call, &shared, persons, err);

    mailbox_close(&shared.opened.mailbox);
    if (done)
        done = call_answer(call, json_pack("{s:o}", "access", list_of(call, persons, shared.count)));
    g_array_free(persons, TRUE);
    return done;
}

/* ---- changing */

static bool find_person(struct admin_call *call, const struct shared *shared, struct user *person,
                        struct err *err)
{
    if (!user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[1], person, err))
        return false;
    return (person->kind == RECIPIENT_USER &&
            person->organisation_id == shared->opened.user.organisation_id) ||
           err_set(err, ERR_INVALID, "%.100s is nobody who logs in.", call->parameters[1]);
}

/* {"person": ..., "may": ...}; the call's arena. */
static const char *described(const struct admin_call *call, const char *person, const char *word)
{
    json_t *json = json_pack("{s:s, s:s*}", "person", person, "may", word);
    char *text = json_dumps(json, JSON_COMPACT), *copy = talloc_strdup(call->arena, text);

    free(text);
    json_decref(json);
    return copy;
}

/* On every folder; new ones below them have the same. */
static bool change_all(struct admin_call *call, unsigned rights, const char *word, struct err *err)
{
    struct rights_entry entry = { .subject = RIGHTS_RECIPIENT, .rights = rights };
    struct shared shared;
    struct user person;
    bool done = open_shared(call, &shared, err) && find_person(call, &shared, &person, err);

    entry.recipient_id = done ? person.recipient_id : 0;
    for (size_t i = 0; done && i < shared.count; i++)
        done = rights_change(shared.opened.mailbox, &shared.opened.reader, shared.folders[i]->name,
                             RIGHTS_SET, &entry, err);
    mailbox_close(&shared.opened.mailbox);
    return done && audit_note(call->api->options.directory, &call->actor, shared.opened.user.organisation_id,
                              rights ? "mailbox.access" : "mailbox.access-end", shared.opened.user.address,
                              described(call, person.address, word), err);
}

bool mailbox_access_put(struct admin_call *call, struct err *err)
{
    const char *may = call_text(call, "may");

    for (size_t i = 0; may && i < COUNT_OF(words); i++)
        if (strcmp(words[i].word, may) == 0)
            return change_all(call, words[i].rights, may, err);
    return err_set(err, ERR_INVALID, "Access is read, write or all.");
}

bool mailbox_access_delete(struct admin_call *call, struct err *err)
{
    return change_all(call, 0, NULL, err);
}
