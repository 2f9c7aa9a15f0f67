/* settings.c -- copying options, and who we are. */
#include "connector/settings.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <talloc.h>

/* talloc does not lock: a counted object is one tree, freed by whoever lets go last. */
struct counted {
    struct settings settings; /* first: a pointer to it is a pointer to this */
    atomic_int references;
};

static unsigned or_usual(unsigned value, unsigned usual)
{
    return value ? value : usual;
}

static void set_times(struct outbound_timeouts *t)
{
    t->connect = or_usual(t->connect, 30);
    t->greeting = or_usual(t->greeting, 300);
    t->command = or_usual(t->command, 300);
    t->data_start = or_usual(t->data_start, 120);
    t->data_block = or_usual(t->data_block, 180);
    t->data_end = or_usual(t->data_end, 600);
    t->transaction = or_usual(t->transaction, 1800);
    t->dns = or_usual(t->dns, 60);
}

static char *plain_name(const void *owner, const char *name)
{
    size_t length = strlen(name);
    char *copy = talloc_strndup(owner, name, length > 0 && name[length - 1] == '.' ? length - 1 : length);

    for (char *p = copy; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + ('a' - 'A'));
    return copy;
}

static void copy_names(struct settings *settings, const struct outbound_options *options)
{
    size_t count = 0;

    while (options->names && options->names[count])
        count++;
    settings->names = talloc_zero_array(settings, const char *, (unsigned)count + 2);
    settings->names[0] = plain_name(settings->names, settings->hostname);
    for (size_t i = 0; i < count; i++)
        settings->names[i + 1] = plain_name(settings->names, options->names[i]);
}

static int free_tls(struct settings *settings)
{
    if (settings->tls)
        tls_client_free(&settings->tls);
    return 0;
}

bool settings_new(const struct outbound_options *options, struct settings **settings_out, struct err *err)
{
    struct counted *counted = talloc_zero(NULL, struct counted);
    struct settings *settings = &counted->settings;

    atomic_init(&counted->references, 1);
    *settings = (struct settings){
        .dns = options->dns,
        .hostname =
            talloc_strdup(counted, options->hostname && *options->hostname ? options->hostname : "localhost"),
        .listener_count = options->listener_count,
        .ca_file = options->ca_file && *options->ca_file ? talloc_strdup(counted, options->ca_file) : NULL,
        .state_directory = options->state_directory ? talloc_strdup(counted, options->state_directory) : NULL,
        .sts_port = (uint16_t)or_usual(options->sts_port, 443),
        .mx_port = (uint16_t)or_usual(options->mx_port, 25),
        .idle_seconds = or_usual(options->idle_seconds, 5),
        .idle_max = or_usual(options->idle_max, 100),
        .messages_max = or_usual(options->messages_max, 100),
        .addresses_max = or_usual(options->addresses_max, 20),
        .timeouts = options->timeouts,
        .find_key = options->find_key,
        .find_key_arg = options->find_key_arg,
    };
    copy_names(settings, options);
    if (options->listener_count > 0)
        settings->listeners =
            talloc_memdup(counted, options->listeners, options->listener_count * sizeof *options->listeners);
    set_times(&settings->timeouts);
    if (!tls_client_new(settings->ca_file, true, &settings->tls, err)) {
        talloc_free(counted);
        return false;
    }
    talloc_set_destructor(settings, free_tls);
    *settings_out = settings;
    return true;
}

void settings_hold(struct settings *settings)
{
    atomic_fetch_add(&((struct counted *)settings)->references, 1);
}

void settings_release(struct settings **settings)
{
    if (*settings && atomic_fetch_sub(&((struct counted *)*settings)->references, 1) == 1)
        talloc_free(*settings);
    *settings = NULL;
}

bool settings_name_is_ours(const struct settings *settings, const char *name)
{
    struct span wanted = span_text(name);

    if (!span_is_empty(wanted) && wanted.end[-1] == '.')
        wanted.end--;
    for (const char **each = settings->names; *each; each++)
        if (**each && span_equals_nocase(wanted, *each))
            return true;
    return false;
}

static bool is_of_this_machine(const struct net_address *address)
{
    struct ifaddrs *interfaces = NULL;
    bool is_found = net_is_loopback(address);

    if (is_found || getifaddrs(&interfaces) != 0)
        return is_found;
    for (struct ifaddrs *each = interfaces; each && !is_found; each = each->ifa_next)
        if (each->ifa_addr &&
            (each->ifa_addr->sa_family == AF_INET || each->ifa_addr->sa_family == AF_INET6)) {
            struct net_address ours = net_address_of(each->ifa_addr);
            is_found = net_address_equals(&ours, address);
        }
    freeifaddrs(interfaces);
    return is_found;
}

bool settings_address_is_ours(const struct settings *settings, const struct net_address *address)
{
    static const uint8_t any[16] = { 0 }, any_v4[16] = { [10] = 0xff, [11] = 0xff };

    for (size_t i = 0; i < settings->listener_count; i++) {
        const struct outbound_listener *ours = &settings->listeners[i];
        bool is_any =
            memcmp(ours->address.bytes, any, 16) == 0 || memcmp(ours->address.bytes, any_v4, 16) == 0;
        if (ours->port != address->port)
            continue;
        /* To connect to "any" is to connect to this machine, too. */
        if (memcmp(address->bytes, any, 16) == 0 || memcmp(address->bytes, any_v4, 16) == 0)
            return true;
        if (is_any ? is_of_this_machine(address) : net_address_equals(&ours->address, address))
            return true;
    }
    return false;
}
