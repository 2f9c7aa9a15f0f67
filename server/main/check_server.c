/* check_server.c -- databases and DNS. */
#include "main/check.h"

#include "db/cluster.h"
#include "db/migrate.h"
#include "directory/domain.h"
#include "directory/server.h"
#include "group/group.h"
#include "main/database.h"
#include "main/storage.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { DNS_ANSWER_BYTES = 8192, MX_MAX = 32, DOMAINS_MAX = 200 };

void check_add(json_t *lines, const char *what, bool is_good, const char *text, const char *remedy)
{
    json_array_append_new(lines, json_pack("{s:s, s:b, s:s, s:s?}", "what", what, "is_good", is_good, "text",
                                           text, "remedy", is_good ? NULL : remedy));
}

/* ---- databases */

static void check_directory(struct directory *directory, json_t *lines)
{
    struct err err = ERR_INIT;
    bool is_good = directory_check(directory, &err);

    check_add(lines, "directory database", is_good,
              is_good ? "reachable, its schema is the one this program knows" : err.user,
              "See the log of PostgreSQL; after an upgrade run: chappe restart");
    if (!is_good)
        return;
    is_good = db_check_settings(directory_pool(directory, DIRECTORY_LOOKS_UP), &err);
    check_add(lines, "directory database settings", is_good, is_good ? "durable" : err.user,
              "Set fsync, full_page_writes and synchronous_commit to on");
}

static void check_group(struct groups *groups, const struct storage_group *described, json_t *lines)
{
    char what[160];
    struct group *group;
    struct err err = ERR_INIT;
    bool is_good = group_find(groups, described->storage_group_id, &group, &err) &&
                   db_pool_check(group_pool(group), &err) &&
                   db_schema_check(group_pool(group), &db_schema_group, &err) &&
                   db_check_settings(group_pool(group), &err);

    snprintf(what, sizeof what, "storage group %.100s", described->name);
    check_add(lines, what, is_good, is_good ? "reachable, up to date, durable" : err.user,
              "Start its PostgreSQL, correct the setting named, or run: chappe restart");
}

/* ---- DNS of the domains */

static bool has_address(const char *name)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
    bool exists = getaddrinfo(name, NULL, &hints, &found) == 0;

    if (found)
        freeaddrinfo(found);
    return exists;
}

/* Is `host` among the MX of the domain? *count_out: how many there are, -1 where DNS did not answer. */
static bool is_mx(const char *domain, const char *host, int *count_out)
{
    unsigned char answer[DNS_ANSWER_BYTES];
    struct __res_state state = { 0 };
    char exchange[NS_MAXDNAME];
    bool is_ours = false;
    ns_msg message;
    ns_rr record;
    int length;

    *count_out = -1;
    if (res_ninit(&state) != 0)
        return false;
    state.retrans = 2;
    state.retry = 1;
    length = res_nquery(&state, domain, ns_c_in, ns_t_mx, answer, sizeof answer);
    if (length < 0) {
        *count_out = state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA ? 0 : -1;
    } else if (ns_initparse(answer, length, &message) == 0) {
        *count_out = 0;
        for (int i = 0; i < ns_msg_count(message, ns_s_an) && i < MX_MAX; i++)
            if (ns_parserr(&message, ns_s_an, i, &record) == 0 && ns_rr_type(record) == ns_t_mx &&
                ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record) + 2,
                                   exchange, sizeof exchange) > 0) {
                ++*count_out;
                is_ours = is_ours || strcasecmp(exchange, host) == 0;
            }
    }
    res_nclose(&state);
    return is_ours;
}

static void check_domain(const struct config *config, const struct domain *domain, json_t *lines)
{
    char what[300], text[300], remedy[700];
    int count;
    bool is_ours = is_mx(domain->name, config->hostname, &count);

    snprintf(what, sizeof what, "DNS of %s", domain->name);
    snprintf(remedy, sizeof remedy, "Publish: %s. IN MX 10 %s.", domain->name, config->hostname);
    if (count < 0)
        snprintf(text, sizeof text, "DNS did not answer");
    else if (count == 0)
        snprintf(text, sizeof text, "has no MX record");
    else
        snprintf(text, sizeof text, is_ours ? "leads here" : "its MX records do not name %.200s",
                 config->hostname);
    check_add(lines, what, is_ours, text, remedy);
}

static void check_domains(const struct config *config, struct directory *directory, json_t *lines)
{
    static const struct actor ourselves = { .name = "local:server" };
    void *arena = talloc_new(NULL);
    struct domain *domains;
    struct err err = ERR_INIT;
    size_t count;

    if (domain_list(directory, &ourselves, arena, 0, &domains, &count, &err))
        for (size_t i = 0; i < count && i < DOMAINS_MAX; i++)
            check_domain(config, &domains[i], lines);
    talloc_free(arena);
}

void check_server(const struct config *config, struct storage *storage, json_t *lines)
{
    const struct storage_parts *parts = storage_parts(storage);
    void *arena = talloc_new(NULL);
    struct storage_group *groups;
    struct err err = ERR_INIT;
    size_t count;

    check_directory(parts->directory, lines);
    if (storage_group_list(parts->directory, arena, &groups, &count, &err))
        for (size_t i = 0; i < count; i++)
            check_group(parts->groups, &groups[i], lines);
    check_add(lines, "own name", has_address(config->hostname), config->hostname,
              "Set hostname to a name that DNS gives an address");
    check_domains(config, parts->directory, lines);
    talloc_free(arena);
}
