/* world.c -- what scripts ask, answered from the mailbox and its storage group. */
#include "format/folder_name.h"
#include "mailbox/annotation.h"
#include "rules/room.h"

#include <strings.h>
#include <talloc.h>

static struct mailbox_reader reader_of(const struct judging *judging)
{
    return (struct mailbox_reader){ .recipient_id = judging->recipient->mailbox_id,
                                    .mailbox_id = judging->recipient->mailbox_id,
                                    .organisation_id = mailbox_organisation_id(judging->mailbox) };
}

static bool open_mailbox(struct judging *judging, struct err *err)
{
    return judging->mailbox || mailbox_open(judging->rules->options.cache, judging->group,
                                            judging->recipient->mailbox_id, &judging->mailbox, err);
}

bool judging_folders(struct judging *judging, struct err *err)
{
    struct mailbox_reader reader;

    if (judging->has_folders)
        return true;
    if (!open_mailbox(judging, err))
        return false;
    reader = reader_of(judging);
    judging->has_folders = folder_list(judging->mailbox, &reader, judging->arena, &judging->folders,
                                       &judging->folder_count, err);
    return judging->has_folders;
}

const struct folder *judging_find(const struct judging *judging, const char *name)
{
    for (size_t i = 0; i < judging->folder_count; i++)
        if (judging->folders[i]->folder_id && strcmp(judging->folders[i]->name, name) == 0)
            return judging->folders[i];
    return NULL;
}

const struct folder *judging_find_use(const struct judging *judging, const char *use)
{
    for (size_t i = 0; i < judging->folder_count; i++)
        if (judging->folders[i]->special_use && strcasecmp(judging->folders[i]->special_use, use) == 0)
            return judging->folders[i];
    return NULL;
}

const struct folder *judging_find_id(const struct judging *judging, const char *id)
{
    int64_t folder_id;

    if (!group_public_id_decode(judging->group, GROUP_ID_FOLDER, span_text(id), &folder_id))
        return NULL;
    for (size_t i = 0; i < judging->folder_count; i++)
        if (judging->folders[i]->folder_id == folder_id)
            return judging->folders[i];
    return NULL;
}

bool judging_create(struct judging *judging, const char *name, const char *use, struct err *err)
{
    struct mailbox_reader reader;
    struct folder *made;

    if (!open_mailbox(judging, err))
        return false;
    reader = reader_of(judging);
    judging->has_folders = false;
    return folder_create(judging->mailbox, &reader, name, use, judging->arena, &made, err) ||
           err->kind == ERR_EXISTS;
}

/* ---- callbacks */

static bool folder_exists(void *arg, const char *name, bool *exists_out, struct err *err)
{
    struct judging *judging = arg;

    *exists_out = judging_folders(judging, err) && judging_find(judging, name);
    return judging->has_folders;
}

static bool special_use_exists(void *arg, const char *folder, const char *use, bool *exists_out,
                               struct err *err)
{
    struct judging *judging = arg;
    const struct folder *found = judging_folders(judging, err) ? judging_find_use(judging, use) : NULL;

    *exists_out = found && (!folder || strcmp(found->name, folder) == 0);
    return judging->has_folders;
}

static bool mailbox_id_exists(void *arg, const char *id, bool *exists_out, struct err *err)
{
    struct judging *judging = arg;

    *exists_out = judging_folders(judging, err) && judging_find_id(judging, id);
    return judging->has_folders;
}

static bool metadata(void *arg, const void *owner, const char *folder, const char *entry, char **value_out,
                     struct err *err)
{
    struct judging *judging = arg;
    struct span name = span_text(entry);
    struct mailbox_reader reader;
    struct annotation *found;
    size_t count = 0;

    *value_out = NULL;
    if (!*folder || !annotation_name_is_valid(name))
        return true; /* the server has no annotations of its own */
    if (!open_mailbox(judging, err))
        return false;
    reader = reader_of(judging);
    if (!annotation_get(judging->mailbox, &reader, folder, &name, 1, ANNOTATION_ENTRY, judging->arena, &found,
                        &count, err))
        return err->kind == ERR_NOT_FOUND;
    if (count > 0)
        *value_out = span_copy(owner, found[0].value);
    return true;
}

static bool is_marked(void *arg, const char *kind, const uint8_t key[32], bool *is_marked_out,
                      struct err *err)
{
    const struct judging *judging = arg;

    return script_is_marked(judging->group, judging->recipient->mailbox_id, kind, key,
                            judging->message->received_us, is_marked_out, err);
}

/* There are no scripts for all: :global finds none. */
static bool include(void *arg, const char *name, bool is_global, struct sieve_program **program_out,
                    struct err *err)
{
    struct judging *judging = arg;
    struct span content;

    if (is_global)
        return err_set(err, ERR_NOT_FOUND, "There is no such script.");
    if (!script_get(judging->group, judging->recipient->mailbox_id, judging->arena, name, &content, err))
        return err->kind == ERR_INVALID ? err_set(err, ERR_NOT_FOUND, "There is no such script.") : false;
    return sieve_compile(content, program_out, NULL, err);
}

static const char *environment(void *arg, const char *item)
{
    const struct judging *judging = arg;
    const struct rules_options *options = &judging->rules->options;
    const char *host = options->host_name ? options->host_name : "localhost", *dot = strchr(host, '.');
    const struct {
        const char *name, *value;
    } items[] = {
        { "host", host },
        { "domain", dot ? dot + 1 : "" },
        { "remote-ip", judging->message->peer_address ? judging->message->peer_address : "" },
        { "remote-host", judging->message->peer_name ? judging->message->peer_name : "" },
        { "version", options->version ? options->version : "" },
    };

    for (size_t i = 0; i < COUNT_OF(items); i++)
        if (strcasecmp(item, items[i].name) == 0)
            return items[i].value;
    return NULL;
}

void world_of(struct judging *judging, struct sieve_world *world_out)
{
    *world_out = (struct sieve_world){ .arg = judging,
                                       .folder_exists = folder_exists,
                                       .special_use_exists = special_use_exists,
                                       .mailbox_id_exists = mailbox_id_exists,
                                       .metadata = metadata,
                                       .is_marked = is_marked,
                                       .include = include,
                                       .environment = environment };
}
