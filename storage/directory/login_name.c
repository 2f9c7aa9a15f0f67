/* login_name.c -- what somebody may type as his name, beside an address: the names that a company directory gives him. */
#include "directory/login_name.h"

#include "directory/act.h"
#include "format/address.h"

#include <glib.h>
#include <string.h>
#include <talloc.h>

enum { CANDIDATES_MAX = 16 };

/* By the indexes of directory_entry. A principal or mail in a domain of another organisation is nobody's: it could only be made up.
 * DOMAIN\name belongs to the oldest source of that name, so that a later one takes it from nobody. */
static const char SELECT_CANDIDATES[] =
    "SELECT DISTINCT c.form, c.recipient_id, c.source_id FROM ("
    "    SELECT 2 AS form, e.recipient_id, e.source_id, e.kind FROM directory_entry e"
    "     WHERE e.principal = $1 AND e.principal <> '' AND NOT EXISTS"
    "           (SELECT FROM domain d WHERE d.name = $3 AND d.organisation_id <> e.organisation_id)"
    "    UNION ALL"
    "    SELECT 3, e.recipient_id, e.source_id, e.kind"
    "      FROM domain d"
    "      JOIN directory_source s ON s.organisation_id = d.organisation_id AND coalesce(s.domain_id, d.domain_id) = d.domain_id"
    "      JOIN directory_entry e ON e.source_id = s.source_id AND e.account = $2 AND e.account <> ''"
    "     WHERE d.name = $3"
    "    UNION ALL"
    "    SELECT 1, e.recipient_id, e.source_id, e.kind FROM directory_entry e"
    "     WHERE e.mail = $1 AND e.mail <> '' AND NOT EXISTS"
    "           (SELECT FROM domain d WHERE d.name = $3 AND d.organisation_id <> e.organisation_id)"
    "    UNION ALL"
    "    SELECT 4, e.recipient_id, e.source_id, e.kind"
    "      FROM (SELECT source_id FROM directory_source WHERE lower(settings->>'login_domain') = $4 AND is_enabled"
    "             ORDER BY source_id LIMIT 1) s"
    "      JOIN directory_entry e ON e.source_id = s.source_id AND e.account = $2 AND e.account <> ''"
    "     WHERE $4 <> '') c"
    " WHERE c.kind = 'user' AND c.recipient_id IS NOT NULL"
    " ORDER BY 1, 2 LIMIT 16";

static const char SELECT_SERVING[] =
    "SELECT s.source_id FROM domain n"
    "  JOIN domain d ON d.domain_id = coalesce(n.target_domain_id, n.domain_id)"
    "  JOIN directory_source s ON s.organisation_id = d.organisation_id AND coalesce(s.domain_id, d.domain_id) = d.domain_id"
    " WHERE n.name = $1 AND s.is_enabled ORDER BY 1 LIMIT 1";

static const char SELECT_ANY[] = "SELECT EXISTS (SELECT FROM directory_source WHERE is_enabled),"
                                 "       EXISTS (SELECT FROM domain WHERE name = $1)";

char *directory_name_fold(const void *owner, const char *name)
{
    char *composed = g_utf8_normalize(name, -1, G_NORMALIZE_NFC), *small, *folded;

    if (!composed)
        return NULL;
    small = g_utf8_strdown(composed, -1);
    folded = talloc_strdup(owner, small);
    g_free(small);
    g_free(composed);
    return folded;
}

/* "ada@example.org", "EXAMPLE\ada". */
struct parts {
    const char *whole, *local, *domain, *netbios;
};

static bool split(const void *owner, const char *typed, struct parts *parts)
{
    char *folded = directory_name_fold(owner, typed), *mark;

    if (!folded)
        return false;
    *parts = (struct parts){ .whole = folded, .local = folded, .domain = "", .netbios = "" };
    if ((mark = strchr(folded, '\\')) != NULL) {
        parts->whole = "";
        parts->netbios = talloc_strndup(owner, folded, (size_t)(mark - folded));
        parts->local = mark + 1;
    } else if ((mark = strrchr(folded, '@')) != NULL) {
        parts->domain = mark + 1;
        parts->local = talloc_strndup(owner, folded, (size_t)(mark - folded));
    }
    return *parts->local != '\0' && (*parts->domain || *parts->netbios);
}

bool login_candidates(struct directory *directory, const void *owner, const char *typed,
                      struct login_candidate **candidates_out, size_t *count_out, struct err *err)
{
    struct parts parts;
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    *count_out = 0;
    *candidates_out = NULL;
    if (!split(owner, typed, &parts))
        return true;
    if (!look_up(directory, owner, SELECT_CANDIDATES,
                 DB_ARGS(db_text(parts.whole), db_text(parts.local), db_text(parts.domain),
                         db_text(parts.netbios)),
                 &rows, err))
        return false;
    *candidates_out = talloc_array(owner, struct login_candidate, CANDIDATES_MAX);
    for (size_t i = 0; i < CANDIDATES_MAX && db_rows_at(rows, i, &row); i++)
        (*candidates_out)[(*count_out)++] =
            (struct login_candidate){ .form = (enum login_form)db_get_i32(&row, 0),
                                      .recipient_id = db_get_i64(&row, 1),
                                      .source_id = db_get_i64(&row, 2) };
    talloc_free(rows);
    return true;
}

bool login_serving_source(struct directory *directory, const char *typed, int64_t *source_id_out,
                          struct err *err)
{
    void *scratch = talloc_new(NULL);
    char *key, *domain;
    struct db_row row;
    struct err bad = ERR_INIT;
    bool ok = true;

    *err = ERR_INIT;
    *source_id_out = 0;
    if (address_canonical(scratch, typed, &key, &domain, &bad)) {
        ok = look_up_one(directory, scratch, SELECT_SERVING, DB_ARGS(db_text(domain)), &row, err);
        if (ok)
            *source_id_out = db_get_i64(&row, 0);
        else if (err->kind == ERR_NOT_FOUND)
            ok = true;
    }
    if (ok)
        *err = ERR_INIT;
    talloc_free(scratch);
    return ok;
}

bool login_is_decided_elsewhere(struct directory *directory, const char *typed, bool *is_decided_out,
                                struct err *err)
{
    void *scratch = talloc_new(NULL);
    const char *at = strrchr(typed, '@');
    char *domain = directory_name_fold(scratch, at ? at + 1 : "");
    struct db_row row;
    int64_t source_id;
    bool ok = login_serving_source(directory, typed, &source_id, err);

    *is_decided_out = source_id != 0;
    if (ok && !*is_decided_out) {
        ok = look_up_one(directory, scratch, SELECT_ANY, DB_ARGS(db_text(domain ? domain : "")), &row, err);
        if (ok) /* a name of no domain of ours could be anybody's in a directory */
            *is_decided_out = db_get_bool(&row, 0) && !db_get_bool(&row, 1);
    }
    talloc_free(scratch);
    return ok;
}
