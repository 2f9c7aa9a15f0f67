/* fuzz_hosts.c -- lists of smarthosts as an administrator writes them: what is read is a name or an address without brackets,
 * and what was read is read again as the same. */
#include "directory/connector.h"

#include "base/net.h"

#include <stdlib.h>
#include <talloc.h>

static void read_again(const void *owner, const struct connector_host *host)
{
    struct connector_host again[CONNECTOR_HOSTS_MAX];
    const char *port = host->port ? talloc_asprintf(owner, ":%u", host->port) : "";
    const char *text = host->is_exact || host->is_address ? talloc_asprintf(owner, "[%s]%s", host->host, port)
                                                          : talloc_asprintf(owner, "%s%s", host->host, port);
    size_t count;

    if (!connector_read_hosts(owner, text, again, &count) || count != 1 || again[0].port != host->port ||
        again[0].is_address != host->is_address)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *owner = talloc_new(NULL);
    struct connector_host hosts[CONNECTOR_HOSTS_MAX];
    char *text = talloc_strndup(owner, (const char *)data, size);
    size_t count;

    if (connector_read_hosts(owner, text, hosts, &count)) {
        if (count == 0 || count > CONNECTOR_HOSTS_MAX)
            abort();
        for (size_t i = 0; i < count; i++) {
            if (!*hosts[i].host || strpbrk(hosts[i].host, "[] \t\r\n"))
                abort();
            read_again(owner, &hosts[i]);
        }
    }
    talloc_free(owner);
    return 0;
}
