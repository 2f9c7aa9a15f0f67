/* fuzz_import.c -- Maildir names, mbox files, sizes, ids: ranges inside their input, and what is exported is
 * read back. */
#include "format/maildir.h"
#include "format/mbox.h"
#include "format/message_id.h"
#include "format/received.h"
#include "format/size.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_mbox(void *arena, struct span all)
{
    struct span file = all, quoted;
    struct mbox_separator separator;
    struct mbox_flags flags;

    for (const char *before = NULL; mbox_next(&file, &separator, &quoted); before = file.p) {
        struct buf message = BUF_INIT(arena);

        if (file.p == before || quoted.p < all.p || quoted.end > file.p)
            abort();
        mbox_flags_parse(quoted, &flags);
        mbox_add_message(&message, quoted);
    }
}

static void check_export(void *arena, struct span all)
{
    struct buf file = BUF_INIT(arena);
    struct mbox_separator separator;
    struct span rest, quoted;

    mbox_add_quoted(&file, "a@b", 0, all);
    mbox_add_quoted(&file, "a@b", 0, all);
    rest = buf_span(&file);
    for (int i = 0; i < 2; i++)
        if (!mbox_next(&rest, &separator, &quoted) || !separator.has_date)
            abort();
    if (mbox_next(&rest, &separator, &quoted))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span in = span_of(data, size), keyword;
    struct buf out = BUF_INIT(arena);
    struct maildir_name name;
    uint32_t number;
    int64_t bytes, again;
    char *path;

    if (maildir_name_parse(in, &name) && (name.base.p != in.p || name.base.end > in.end))
        abort();
    (void)!maildir_folder_of_directory(arena, in, &path);
    (void)!maildir_keyword_parse(in, &number, &keyword);
    if (size_parse(in, &bytes)) {
        size_add(&out, bytes);
        if (bytes < 0 || !size_parse(buf_span(&out), &again) || again != bytes)
            abort();
    }
    path = message_id_canonical(arena, in);
    if (strlen(path) > MESSAGE_ID_MAX)
        abort();
    (void)message_id_hash(span_text(path));
    (void)received_is_delivered_to(arena, in, "a@b");
    buf_clear(&out);
    received_add_without(&out, in, "Bcc");
    if (received_count(buf_span(&out)) > received_count(in))
        abort();
    check_mbox(arena, in);
    check_export(arena, in);
    talloc_free(arena);
    return 0;
}
