/*
 * filing_judge.c -- target by target: is there a folder, is there room, which UID. Works on what was read under the locks, so
 * the answers are exact.
 */
#include "mailbox/filing_run.h"

#include "mailbox/flags.h"

#include <talloc.h>

static void reset(struct filing_run *run)
{
    run->filed = 0;
    for (size_t i = 0; i < run->mailbox_count; i++) {
        struct filing_mailbox *mailbox = &run->mailboxes[i];
        mailbox->bytes = mailbox->messages = 0;
        mailbox->new_keyword_count = 0;
        mailbox->is_warned = mailbox->was_warned;
        for (struct filing_folder *folder = mailbox->folders; folder; folder = folder->next)
            folder->messages = folder->unseen = folder->deleted = folder->bytes = 0;
    }
    for (size_t i = 0; i < run->root_count; i++)
        run->roots[i].bytes = 0;
    for (size_t i = 0; i < run->content_count; i++)
        run->contents[i].is_used = false;
    for (size_t i = 0; i < run->thread_count; i++)
        run->thread_list[i]->thread_id = run->thread_list[i]->stored_thread_id;
}

static struct filing_folder *find_folder(struct filing_mailbox *mailbox, const struct filing_target *target)
{
    struct filing_folder *inbox = NULL;

    for (struct filing_folder *folder = mailbox->folders; folder; folder = folder->next) {
        if (target->folder_id ? folder->folder_id == target->folder_id
            : target->special_use
                ? folder->special_use.p && span_equals_text(folder->special_use, target->special_use)
                : target->folder_name && span_equals_text(folder->name, target->folder_name))
            return folder;
        if (!target->folder_id && span_equals_text(folder->name, "INBOX"))
            inbox = folder;
    }
    return inbox;
}

static bool is_over(int64_t used, int64_t more, int64_t limit)
{
    return limit > 0 && used + more > limit;
}

static bool has_room(const struct filing_mailbox *mailbox, int64_t size, struct err *err)
{
    const struct filing_root *domain = mailbox->domain, *organisation = mailbox->organisation;

    if (is_over(mailbox->used_bytes + mailbox->bytes, size, mailbox->quota_bytes) ||
        is_over(mailbox->used_messages + mailbox->messages, 1, mailbox->quota_messages))
        return err_set(err, ERR_QUOTA, "The mailbox is full.");
    if (domain && is_over(domain->used_bytes + domain->bytes, size, domain->limit_bytes))
        return err_set(err, ERR_QUOTA, "The domain's storage is full.");
    if (organisation &&
        is_over(organisation->used_bytes + organisation->bytes, size, organisation->limit_bytes))
        return err_set(err, ERR_QUOTA, "The organisation's storage is full.");
    return true;
}

static bool is_nearly_full(int64_t used, int64_t limit)
{
    return limit > 0 && used >= limit - limit / 5;
}

static bool deserves_warning(const struct filing_mailbox *mailbox)
{
    int64_t bytes = mailbox->used_bytes + mailbox->bytes;

    return (mailbox->warn_bytes ? bytes >= mailbox->warn_bytes
                                : is_nearly_full(bytes, mailbox->quota_bytes)) ||
           is_nearly_full(mailbox->used_messages + mailbox->messages, mailbox->quota_messages);
}

static int find_keyword(const struct filing_mailbox *mailbox, struct span name)
{
    char text[KEYWORD_BYTES_MAX + 1];
    size_t length = span_length(name);

    if (length > KEYWORD_BYTES_MAX)
        return -1;
    memcpy(text, name.p, length);
    text[length] = '\0';
    for (size_t i = 0; i < mailbox->keyword_count; i++)
        if (span_equals_nocase(mailbox->keywords[i], text))
            return (int)i;
    for (size_t i = 0; i < mailbox->new_keyword_count; i++)
        if (span_equals_nocase(mailbox->new_keywords[i], text))
            return (int)(mailbox->keyword_count + i);
    return -1;
}

static bool add_keyword(struct filing_run *run, struct filing_mailbox *mailbox, struct span name,
                        int *number_out, struct err *err)
{
    if (!keyword_is_valid(name))
        return err_set(err, ERR_INVALID, "This keyword is not valid.");
    if (mailbox->keyword_count + mailbox->new_keyword_count >= KEYWORDS_MAX)
        return err_set(err, ERR_LIMIT, "This mailbox already has as many different keywords as it can.");
    if (!mailbox->new_keywords)
        mailbox->new_keywords = talloc_array(run->arena, struct span, KEYWORDS_MAX);
    mailbox->new_keywords[mailbox->new_keyword_count] = name;
    *number_out = (int)(mailbox->keyword_count + mailbox->new_keyword_count++);
    return true;
}

static bool flags_of(struct filing_run *run, struct filing_mailbox *mailbox,
                     const struct filing_target *target, uint64_t *flags_out, struct err *err)
{
    size_t known = mailbox->new_keyword_count;

    *flags_out = target->flags;
    for (const char *const *name = target->keywords; name && *name; name++) {
        int number = find_keyword(mailbox, span_text(*name));
        if (number < 0 && !add_keyword(run, mailbox, span_text(*name), &number, err)) {
            if (target->checks_script) { /* mail is not refused for a mark that a script wanted */
                *err = ERR_INIT;
                continue;
            }
            mailbox->new_keyword_count = known;
            return false;
        }
        *flags_out |= UINT64_C(1) << (KEYWORD_FIRST_BIT + number);
    }
    return true;
}

/* The conversation of its references, else a new one; from now on all of them belong to it. */
static int64_t join_thread(struct filing_run *run, const struct message_draft *draft, int64_t mailbox_id,
                           int64_t item_id)
{
    int64_t thread_id = 0;

    for (size_t i = 0; i < draft->reference_count; i++) {
        int64_t found =
            filing_find_thread(run, mailbox_id, draft->references[i], draft->subject_hash)->thread_id;
        if (found && (!thread_id || found < thread_id))
            thread_id = found;
    }
    if (!thread_id)
        thread_id = item_id;
    for (size_t i = 0; i < draft->reference_count; i++) {
        struct filing_thread *thread =
            filing_find_thread(run, mailbox_id, draft->references[i], draft->subject_hash);
        if (!thread->thread_id)
            thread->thread_id = thread_id;
    }
    return thread_id;
}

static void add_to_counters(struct filing_mailbox *mailbox, struct filing_folder *folder, int64_t size,
                            uint64_t flags)
{
    mailbox->bytes += size;
    mailbox->messages++;
    if (mailbox->domain)
        mailbox->domain->bytes += size;
    if (mailbox->organisation)
        mailbox->organisation->bytes += size;
    folder->bytes += size;
    folder->messages++;
    folder->unseen += !(flags & FLAG_SEEN);
    folder->deleted += (flags & FLAG_DELETED) != 0;
}

static bool may_be_filed(const struct filing_mailbox *mailbox, const struct filing_folder *folder,
                         struct err *err)
{
    if (!mailbox->is_found)
        return err_set(err, ERR_NOT_FOUND, "There is no such mailbox.");
    if (!mailbox->is_mounted)
        return err_set(err, ERR_BUSY, "The mailbox is temporarily unavailable.");
    if (!folder)
        return err_set(err, ERR_NOT_FOUND, "There is no such folder.");
    if (folder->uidnext + folder->messages > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "The folder has no UIDs left.");
    return true;
}

/* The quota side: whether it fits, and whether the owner is to be told that the mailbox is nearly full. */
static bool judge_quota(struct filing_mailbox *mailbox, struct filing_target *target, int64_t size)
{
    if (!deserves_warning(mailbox))
        mailbox->is_warned = false;
    if (target->is_quota_warning && (mailbox->is_warned || !deserves_warning(mailbox)))
        return err_set(&target->err, ERR_EXISTS, "The warning is there already, or not due any more.");
    return target->ignores_quota || target->is_quota_warning || has_room(mailbox, size, &target->err);
}

/* A plan that was made for another script would do what its owner no longer wants. */
static bool judge_script(const struct filing_mailbox *mailbox, struct filing_target *target)
{
    return !target->checks_script || target->script_version == mailbox->script_version ||
           err_set(&target->err, ERR_CONFLICT, "The script of this mailbox has changed.");
}

static bool is_done(const struct filing_run *run, const struct filing_target *target)
{
    for (size_t i = 0; target->receipt && i < run->done_count; i++)
        if (span_equals(run->done_receipts[i], span_of(target->receipt, FILING_RECEIPT_BYTES)))
            return true;
    return false;
}

static void judge_target(struct filing_run *run, size_t filing_number, struct filing_target *target,
                         int64_t item_id)
{
    const struct message_draft *draft = run->batch->filings[filing_number].draft;
    struct filing_content *content = &run->contents[run->content_of[filing_number]];
    struct filing_mailbox *mailbox = filing_find_mailbox(run, target->mailbox_id);
    struct filing_folder *folder = find_folder(mailbox, target);
    int64_t size = (int64_t)draft->size_bytes;
    uint64_t flags;

    target->is_filed = target->wants_quota_warning = target->was_filed = false;
    target->err = ERR_INIT;
    if (is_done(run, target)) {
        /* whoever files again without knowing of the script would not know either what that wanted to be sent */
        if (mailbox && !judge_script(mailbox, target))
            return;
        target->is_filed = target->was_filed = true;
        return;
    }
    if (!may_be_filed(mailbox, folder, &target->err) || !judge_script(mailbox, target) ||
        !judge_quota(mailbox, target, size) || !flags_of(run, mailbox, target, &flags, &target->err))
        return;
    target->filed_folder_id = folder->folder_id;
    target->uidvalidity = folder->uidvalidity;
    target->uid = folder->uidnext + folder->messages;
    target->item_id = item_id;
    target->message_id = content->message_id;
    target->modseq = (uint64_t)mailbox->modseq + 1;
    target->filed_flags = flags;
    target->is_filed = true;
    content->is_used = true;
    run->filed++;
    add_to_counters(mailbox, folder, size, flags);
    target->thread_id = join_thread(run, draft, mailbox->mailbox_id, item_id);
    if (target->is_quota_warning)
        mailbox->is_warned = true;
    target->wants_quota_warning = !mailbox->is_warned && deserves_warning(mailbox);
}

/* A filing that must be whole was refused one target; so are all its others, and those it must be one with. */
static void leave_out(const struct filing_run *run, size_t number, const struct err *refusal,
                      struct err *left_out)
{
    left_out[number] = *refusal;
    for (size_t i = 0; i < run->batch->count && run->batch->filings[number].is_all_or_nothing; i++)
        if (run->batch->filings[i].is_all_or_nothing)
            left_out[i] = *refusal;
}

static void refuse_filing(struct filing *filing, const struct err *refusal)
{
    for (size_t k = 0; k < filing->target_count; k++) {
        filing->targets[k].is_filed = filing->targets[k].wants_quota_warning = false;
        filing->targets[k].err = *refusal;
    }
}

/* One pass over all that is not left out; false where that became more. */
static bool judge_all(struct filing_run *run, struct err *left_out)
{
    size_t first = 0;

    reset(run);
    for (size_t i = 0; i < run->batch->count; first += run->batch->filings[i++].target_count) {
        struct filing *filing = &run->batch->filings[i];
        if (left_out[i].kind != ERR_NONE) {
            refuse_filing(filing, &left_out[i]);
            continue;
        }
        for (size_t k = 0; k < filing->target_count; k++) {
            struct filing_target *target = &filing->targets[k];
            judge_target(run, i, target, run->item_ids[first + k]);
            if ((filing->is_all_or_nothing || filing->is_whole) && !target->is_filed) {
                leave_out(run, i, &target->err, left_out);
                return false;
            }
        }
    }
    return true;
}

/* Of all targets at once: who planned wrong for one of many learns about the others, too. */
static void tell_script_versions(struct filing_run *run)
{
    for (size_t i = 0; i < run->batch->count; i++)
        for (size_t k = 0; k < run->batch->filings[i].target_count; k++) {
            struct filing_target *target = &run->batch->filings[i].targets[k];
            target->found_script_version = filing_find_mailbox(run, target->mailbox_id)->script_version;
        }
}

void filing_judge(struct filing_run *run)
{
    struct err *left_out = talloc_zero_array(run->arena, struct err, (unsigned)run->batch->count + 1);

    tell_script_versions(run);
    while (!judge_all(run, left_out))
        continue; /* each pass leaves out at least one more */
}
