/* test_mailbox_source.c -- what an import finds in Maildirs and mbox files. */
#include "main/mailbox_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <talloc.h>

static char root[] = "/tmp/chappe-test-XXXXXX";

static void put(const char *path, const char *text)
{
    char *full = talloc_asprintf(NULL, "%s/%s", root, path);
    FILE *out;

    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(full, 0700);
        *slash = '/';
    }
    out = fopen(full, "we");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    talloc_free(full);
}

static char *seen;

static bool note(void *owner, const struct source_message *m, struct err *err)
{
    (void)err;
    seen = talloc_asprintf_append(seen ? seen : talloc_strdup(owner, ""), "%s|%s|%s|%zu\n", m->folder,
                                  m->flags, m->name, span_length(m->bytes));
    return true;
}

static const char *walk(void *owner, const char *path, const char *folder)
{
    struct err err = ERR_INIT;

    seen = NULL;
    assert_true(source_walk(talloc_asprintf(owner, "%s/%s", root, path), folder, note, owner, &err));
    return seen;
}

static void a_maildir_has_folders_flags_and_keywords(void **state)
{
    void *owner = talloc_new(NULL);
    uint64_t count;
    struct err err = ERR_INIT;

    (void)state;
    put("md/cur/1.a.host:2,FS", "Subject: a\n\na\n");
    put("md/new/2.b.host", "Subject: b\n\n");
    put("md/tmp/3.c.host", "never delivered");
    put("md/dovecot-keywords", "0 $Work\n");
    put("md/.Projects.2031/cur/4.d.host:2,Sa", "Subject: d\n\n");
    put("md/.Projects.2031/new/.hidden", "x");
    put("md/.Projects.2031/dovecot-keywords", "0 $Forwarded\n");
    put("md/.Entw&APw-rfe/cur/5.e.host:2,DT", "Subject: e\n\n");
    put("md/.Entw&APw-rfe/new/empty", "");
    assert_true(source_count(talloc_asprintf(owner, "%s/md", root), &count, &err));
    assert_int_equal(count, 5); /* the empty file is counted and passed over */
    assert_string_equal(walk(owner, "md", NULL), "INBOX|\\Seen \\Flagged|1.a.host|14\n"
                                                 "INBOX||2.b.host|12\n"
                                                 "Entw\xc3\xbcrfe|\\Deleted \\Draft|5.e.host|12\n"
                                                 "Projects/2031|\\Seen $Forwarded|4.d.host|12\n");
    assert_true(strstr(walk(owner, "md", "Old"), "Old||2.b.host") != NULL);
    talloc_free(owner);
}

static void an_mbox_is_unquoted(void **state)
{
    void *owner = talloc_new(NULL);

    (void)state;
    put("one.mbox", "From a@b Mon Nov  1 10:00:00 2021\nSubject: one\nStatus: RO\n\n>From here\n\n"
                    "From a@b Tue Nov  2 10:00:00 2021\nSubject: two\nX-Status: F\n\nsecond\n");
    assert_string_equal(walk(owner, "one.mbox", NULL), "INBOX|\\Seen|1|27\nINBOX|\\Flagged|2|24\n");
    talloc_free(owner);
}

static void a_folder_of_mbox_files_is_several_folders(void **state)
{
    void *owner = talloc_new(NULL);

    (void)state;
    put("mail/inbox", "From a@b Mon Nov  1 10:00:00 2021\nSubject: x\n\n");
    put("mail/2031.mbox", "From a@b Mon Nov  1 10:00:00 2021\nSubject: y\n\n");
    put("mail/notes.txt", "no mail at all\n");
    assert_string_equal(walk(owner, "mail", NULL), "2031||1|12\nINBOX||1|12\n");
    talloc_free(owner);
}

static void what_is_no_mail_is_refused(void **state)
{
    void *owner = talloc_new(NULL);
    struct err err = ERR_INIT;
    uint64_t count;

    (void)state;
    put("text", "just text\n");
    assert_false(source_count(talloc_asprintf(owner, "%s/text", root), &count, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_false(source_count(talloc_asprintf(owner, "%s/absent", root), &count, &err));
    talloc_free(owner);
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_maildir_has_folders_flags_and_keywords),
        cmocka_unit_test(an_mbox_is_unquoted),
        cmocka_unit_test(a_folder_of_mbox_files_is_several_folders),
        cmocka_unit_test(what_is_no_mail_is_refused),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
