/* own_sts.c -- from settings to the text of a policy. */
#include "filter/own_sts.h"

#include "base/buf.h"
#include "base/digest.h"
#include "directory/filter_setting.h"
#include "directory/server.h"
#include "filter/settings.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { HOSTS_MAX = 100 };

static const char *const modes[] = {
    [MTA_STS_OFF] = "", /* is not served */
    [MTA_STS_WITHDRAW] = "none",
    [MTA_STS_TESTING] = "testing",
    [MTA_STS_ENFORCE] = "enforce",
};

static void add_host(const void *owner, struct span name, struct own_sts *policy)
{
    char *host;

    if (policy->host_count == HOSTS_MAX)
        return;
    host = span_copy(owner, name);
    for (char *p = host; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 'a' - 'A') : *p;
    policy->hosts[policy->host_count++] = host;
}

static void find_hosts(const void *owner, const struct filter_settings *settings, const char *const *names,
                       size_t name_count, struct own_sts *policy)
{
    struct span left = span_text(settings->mta_sts_hosts), word;

    policy->hosts = talloc_array(owner, const char *, HOSTS_MAX);
    policy->host_count = 0;
    while (filter_next_word(&left, &word))
        add_host(policy->hosts, word, policy);
    if (policy->host_count > 0)
        return;
    for (size_t i = 0; i < name_count; i++)
        add_host(policy->hosts, span_text(names[i]), policy);
}

bool own_sts_make(void *owner, const struct filter_settings *settings, const char *const *names,
                  size_t name_count, struct own_sts *policy_out)
{
    struct buf text = BUF_INIT(owner);
    uint8_t digest[SHA256_BYTES];

    find_hosts(owner, settings, names, name_count, policy_out);
    policy_out->mode = modes[settings->mta_sts];
    if (settings->mta_sts == MTA_STS_OFF || policy_out->host_count == 0)
        return false;
    buf_add_format(&text, "version: STSv1\r\nmode: %s\r\n", policy_out->mode);
    for (size_t i = 0; i < policy_out->host_count; i++)
        buf_add_format(&text, "mx: %s\r\n", policy_out->hosts[i]);
    buf_add_format(&text, "max_age: %" PRId64 "\r\n", settings->mta_sts_max_age_s);
    policy_out->text = span_copy(owner, buf_span(&text));
    sha256(buf_span(&text), digest);
    hex_encode((struct span){ (const char *)digest, (const char *)digest + OWN_STS_ID / 2 }, policy_out->id);
    return true;
}

static bool find_names(struct directory *directory, const void *owner, const char ***names_out,
                       size_t *count_out, struct err *err)
{
    struct server *servers;

    if (!server_list(directory, owner, &servers, count_out, err))
        return false;
    *names_out = talloc_array(owner, const char *, (unsigned)*count_out + 1);
    for (size_t i = 0; i < *count_out; i++)
        (*names_out)[i] = servers[i].name;
    return true;
}

bool own_sts_find(struct directory *directory, void *owner, const char *domain, struct own_sts *policy_out,
                  struct err *err)
{
    struct filter_settings settings;
    struct filter_setting *set;
    const char **names;
    size_t set_count, name_count;

    if (!filter_setting_of_domain(directory, owner, domain, "mta_sts", &set, &set_count, err) ||
        !find_names(directory, owner, &names, &name_count, err))
        return false;
    filter_settings_init(&settings);
    for (size_t i = 0; i < set_count; i++)
        filter_settings_set(&settings, set[i].name, set[i].value);
    return own_sts_make(owner, &settings, names, name_count, policy_out) ||
           err_set(err, ERR_NOT_FOUND, "This domain has no policy.");
}

bool own_sts_names(const struct own_sts *policy, const char *host)
{
    const char *dot = strchr(host, '.');

    for (size_t i = 0; i < policy->host_count; i++)
        if (strcasecmp(policy->hosts[i], host) == 0 ||
            (policy->hosts[i][0] == '*' && dot && strcasecmp(policy->hosts[i] + 1, dot) == 0))
            return true;
    return false;
}
