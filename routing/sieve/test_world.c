/*
 * test_world.c -- what a script asks of its surroundings: environment (RFC 5183), folders (RFC 5490, 8579, 9042), scanners
 * (RFC 5235), and what was seen before (RFC 7352).
 */
#include "base/clock.h"
#include "base/digest.h"
#include "format/folder_name.h"
#include "format/message_id.h"
#include "sieve/header_values.h"

#include <stdio.h>
#include <talloc.h>

/* ---- environment */

static const char *environment(struct run *run, struct span item)
{
    static const struct {
        const char *name, *value;
    } fixed[] = { { "name", "Chappe" }, { "location", "MS" }, { "phase", "during" } };

    for (size_t i = 0; i < COUNT_OF(fixed); i++)
        if (span_equals_nocase(item, fixed[i].name))
            return fixed[i].value;
    return run->world->environment ? run->world->environment(run->world->arg, span_copy(run->scratch, item))
                                   : NULL;
}

bool test_environment(struct run *run, const struct op *op, bool *is_true)
{
    const char *value = environment(run, run_string(run, op, &op->positions[0]));
    struct list values = { NULL, 0 }, keys = run_strings(run, op, &op->positions[1]);

    if (value)
        list_add(run->scratch, &values, span_text(value));
    return compare_any(run, op, &values, &keys, SETS_VARIABLES, is_true);
}

/* ---- folders */

typedef bool exists_function(void *arg, const char *name, bool *exists_out, struct err *err);

/* A name that is none names no folder. */
static const char *folder(struct run *run, struct span text)
{
    struct err err = ERR_INIT;
    char *name;

    return folder_name_of_utf8(run->scratch, text, &name, &err) ? name : NULL;
}

static bool all_exist(struct run *run, const struct op *op, exists_function *exists, bool are_folders,
                      bool *is_true)
{
    struct list names = run_strings(run, op, &op->positions[0]);
    struct err err = ERR_INIT;

    *is_true = exists != NULL;
    for (size_t i = 0; i < names.count && *is_true; i++) {
        const char *name =
            are_folders ? folder(run, names.items[i]) : span_copy(run->scratch, names.items[i]);

        if (!run_spend(run, op->line, 10))
            return false;
        if (!name)
            *is_true = false;
        else if (!exists(run->world->arg, name, is_true, &err))
            return run_trouble(run, op->line, &err);
    }
    return true;
}

bool test_mailboxexists(struct run *run, const struct op *op, bool *is_true)
{
    return all_exist(run, op, run->world->folder_exists, true, is_true);
}

bool test_mailboxidexists(struct run *run, const struct op *op, bool *is_true)
{
    return all_exist(run, op, run->world->mailbox_id_exists, false, is_true);
}

bool test_specialuse_exists(struct run *run, const struct op *op, bool *is_true)
{
    struct list uses = run_strings(run, op, &op->positions[1]);
    const char *name = NULL;
    struct err err = ERR_INIT;

    *is_true = run->world->special_use_exists != NULL;
    if (op->has_position[0]) {
        name = folder(run, run_string(run, op, &op->positions[0]));
        *is_true = *is_true && name;
    }
    for (size_t i = 0; i < uses.count && *is_true; i++)
        if (!run_spend(run, op->line, 10))
            return false;
        else if (!run->world->special_use_exists(run->world->arg, name,
                                                 span_copy(run->scratch, uses.items[i]), is_true, &err))
            return run_trouble(run, op->line, &err);
    return true;
}

/* ---- annotations */

static bool annotation(struct run *run, const struct op *op, const char *where, struct span entry,
                       char **value_out)
{
    struct err err = ERR_INIT;

    *value_out = NULL;
    if (!run_spend(run, op->line, 10))
        return false;
    if (!run->world->metadata || !where)
        return true;
    return run->world->metadata(run->world->arg, run->scratch, where, span_copy(run->scratch, entry),
                                value_out, &err) ||
           run_trouble(run, op->line, &err);
}

static bool compare_annotation(struct run *run, const struct op *op, const char *where, size_t position,
                               bool *is_true)
{
    struct list values = { NULL, 0 }, keys = run_strings(run, op, &op->positions[position + 1]);
    char *value;

    if (!annotation(run, op, where, run_string(run, op, &op->positions[position]), &value))
        return false;
    if (value)
        list_add(run->scratch, &values, span_text(value));
    return compare_any(run, op, &values, &keys, SETS_VARIABLES, is_true);
}

static bool annotations_exist(struct run *run, const struct op *op, const char *where, size_t position,
                              bool *is_true)
{
    struct list entries = run_strings(run, op, &op->positions[position]);

    *is_true = true;
    for (size_t i = 0; i < entries.count && *is_true; i++) {
        char *value;

        if (!annotation(run, op, where, entries.items[i], &value))
            return false;
        *is_true = value != NULL;
    }
    return true;
}

bool test_metadata(struct run *run, const struct op *op, bool *is_true)
{
    return compare_annotation(run, op, folder(run, run_string(run, op, &op->positions[0])), 1, is_true);
}

bool test_metadataexists(struct run *run, const struct op *op, bool *is_true)
{
    return annotations_exist(run, op, folder(run, run_string(run, op, &op->positions[0])), 1, is_true);
}

bool test_servermetadata(struct run *run, const struct op *op, bool *is_true)
{
    return compare_annotation(run, op, "", 0, is_true);
}

bool test_servermetadataexists(struct run *run, const struct op *op, bool *is_true)
{
    return annotations_exist(run, op, "", 0, is_true);
}

/* ---- scanners (RFC 5235) */

bool check_spamtest(struct compiler *compiler, struct op *op)
{
    if (op->comparison.match == MATCH_COUNT && op_has(op, TAG_PERCENT))
        compile_warning(compiler, op->line, "\":count\" tells only whether the message was looked at.");
    return check_match(compiler, op);
}

static bool compare_number(struct run *run, const struct op *op, int number, bool *is_true)
{
    struct list values = { NULL, 0 }, keys = run_strings(run, op, &op->positions[0]);
    char text[16];

    snprintf(text, sizeof text, "%d", number < 0 ? 0 : number);
    if (number >= 0 || op->comparison.match != MATCH_COUNT)
        list_add(run->scratch, &values, span_text(text));
    return compare_any(run, op, &values, &keys, SETS_VARIABLES, is_true);
}

/* 0: not looked at; 1: no spam .. 10: spam. */
bool test_spamtest(struct run *run, const struct op *op, bool *is_true)
{
    int percent = run->message->spam_percent;

    if (op_has(op, TAG_PERCENT) || percent < 0)
        return compare_number(run, op, percent, is_true);
    return compare_number(run, op, 1 + percent * 9 / 100, is_true);
}

bool test_virustest(struct run *run, const struct op *op, bool *is_true)
{
    return compare_number(run, op, run->message->virus_value ? run->message->virus_value : -1, is_true);
}

/* ---- duplicate (RFC 7352) */

enum { DUPLICATE_STANDARD_S = 7 * 86400, DUPLICATE_MAX_S = 90 * 86400 };

bool check_duplicate(struct compiler *compiler, struct op *op)
{
    const struct operand *seconds = op_tag(op, TAG_SECONDS);

    if (seconds && seconds->number > DUPLICATE_MAX_S)
        compile_warning(compiler, op->line, "messages are remembered for %d days at most.",
                        DUPLICATE_MAX_S / 86400);
    return true;
}

/* What tells messages apart; false where this one has nothing of the kind and is therefore never a duplicate. */
static bool unique_id(struct run *run, const struct op *op, struct span *id_out)
{
    struct span given = run_tag(run, op, TAG_UNIQUEID), name = run_tag(run, op, TAG_HEADER);
    bool is_message_id = !given.p && !name.p;

    if (given.p) {
        *id_out = given;
        return true;
    }
    if (is_message_id)
        name = span_text("Message-ID");
    for (size_t i = 0; i < run->fields->count; i++) {
        if (!field_is_named(&run->fields->items[i], name))
            continue;
        *id_out = header_value_text(run, run->fields->items[i].value);
        if (is_message_id || span_equals_nocase(name, "Message-ID"))
            *id_out = span_text(message_id_canonical(run->scratch, *id_out));
        return !span_is_empty(*id_out);
    }
    return false;
}

static void duplicate_key(struct run *run, const struct op *op, struct span id, uint8_t key[32])
{
    struct sha256 *sha = sha256_new(run->scratch);
    struct span handle = run_tag(run, op, TAG_HANDLE);
    uint64_t length = handle.p ? span_length(handle) : 0;

    sha256_add(sha, span_of(&length, sizeof length));
    if (handle.p)
        sha256_add(sha, handle);
    sha256_add(sha, id);
    sha256_finish(sha, key);
}

bool test_duplicate(struct run *run, const struct op *op, bool *is_true)
{
    const struct operand *given = op_tag(op, TAG_SECONDS);
    uint64_t seconds = given ? given->number : DUPLICATE_STANDARD_S;
    struct err err = ERR_INIT;
    struct span id;
    uint8_t key[32];

    *is_true = false;
    if (!unique_id(run, op, &id))
        return true;
    if (seconds > DUPLICATE_MAX_S)
        seconds = DUPLICATE_MAX_S;
    duplicate_key(run, op, id, key);
    if (run->world->is_marked && !run->world->is_marked(run->world->arg, "duplicate", key, is_true, &err))
        return run_trouble(run, op->line, &err);
    if ((*is_true && !op_has(op, TAG_LAST)) || seconds == 0)
        return run_spend(run, op->line, 10);
    return out_mark(run, op, "duplicate", key, run->message->now_us + (int64_t)seconds * US_PER_S);
}
