/*
 * tls_certificate.c -- reading a certificate, and making those of a demonstration.
 */
#include "base/clock.h"
#include "base/digest.h"
#include "base/net.h"
#include "base/tls_context.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

static int64_t time_us(const ASN1_TIME *when)
{
    struct tm parts;

    return ASN1_TIME_to_tm(when, &parts) == 1 ? (int64_t)timegm(&parts) * US_PER_S : 0;
}

static char *name_text(const void *owner, const X509_NAME *name)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *bytes, *copy;
    long length;

    X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253);
    length = BIO_get_mem_data(text, &bytes);
    copy = talloc_strndup(owner, bytes, (size_t)length);
    BIO_free(text);
    return copy;
}

static char *alternative_text(const void *owner, const GENERAL_NAME *name)
{
    char text[INET6_ADDRSTRLEN];

    if (name->type == GEN_DNS)
        return talloc_strndup(owner, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
                              (size_t)ASN1_STRING_length(name->d.dNSName));
    if (name->type != GEN_IPADD || !inet_ntop(ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6,
                                              ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof(text)))
        return NULL;
    return talloc_strdup(owner, text);
}

static char **alternative_names(const void *owner, const X509 *x509)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    int count = names ? sk_GENERAL_NAME_num(names) : 0, kept = 0;
    char **list = talloc_zero_array(owner, char *, (unsigned)count + 1);

    for (int i = 0; i < count; i++) {
        char *text = alternative_text(list, sk_GENERAL_NAME_value(names, i));
        if (text)
            list[kept++] = text;
    }
    GENERAL_NAMES_free(names);
    return list;
}

static X509 *read_x509(const char *file)
{
    FILE *in = fopen(file, "re");
    X509 *x509 = in ? PEM_read_X509(in, NULL, NULL, NULL) : NULL;

    if (in)
        fclose(in);
    return x509;
}

bool tls_certificate_read(const void *owner, const char *file, struct tls_certificate **out, struct err *err)
{
    X509 *x509 = read_x509(file);
    struct tls_certificate *certificate;

    if (!x509) {
        err_log(err, "%s: %s", file, tls_reason());
        return err_set(err, ERR_INVALID, "%s holds no readable certificate.", file);
    }
    certificate = talloc_zero(owner, struct tls_certificate);
    certificate->not_before_us = time_us(X509_get0_notBefore(x509));
    certificate->not_after_us = time_us(X509_get0_notAfter(x509));
    certificate->names = alternative_names(certificate, x509);
    certificate->issuer = name_text(certificate, X509_get_issuer_name(x509));
    certificate->subject = name_text(certificate, X509_get_subject_name(x509));
    certificate->is_self_signed = strcmp(certificate->issuer, certificate->subject) == 0;
    X509_free(x509);
    *out = certificate;
    return true;
}

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
}

static void set_name(X509_NAME *name, const char *common_name)
{
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Chappe demonstration", -1,
                               -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0);
}

static X509 *unsigned_certificate(EVP_PKEY *key, const char *common_name, int years)
{
    X509 *x509 = X509_new();
    unsigned char serial[16];
    BIGNUM *number;

    random_bytes(serial, sizeof(serial));
    serial[0] &= 0x7f; /* RFC 5280, 4.1.2.2: positive */
    number = BN_bin2bn(serial, sizeof(serial), NULL);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));
    BN_free(number);
    X509_set_version(x509, 2);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600); /* a client's clock may be behind */
    X509_time_adj_ex(X509_getm_notAfter(x509), years * 365, 0, NULL);
    X509_set_pubkey(x509, key);
    set_name(X509_get_subject_name(x509), common_name);
    return x509;
}

/* Written aside and renamed, so that a reader never sees half a file. */
static FILE *create(const char *path, mode_t mode, char temporary[4096], struct err *err)
{
    int fd;

    if (snprintf(temporary, 4096, "%s.new", path) >= 4096) {
        err_set(err, ERR_INVALID, "The path %s is too long.", path);
        return NULL;
    }
    unlink(temporary);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        err_errno(err, path);
        return NULL;
    }
    return fdopen(fd, "w");
}

static bool complete(FILE *file, bool is_written, const char *temporary, const char *path, struct err *err)
{
    is_written = is_written && fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (fclose(file) != 0 || !is_written || rename(temporary, path) != 0) {
        err_errno(err, path);
        unlink(temporary);
        return false;
    }
    return true;
}

static bool write_key(EVP_PKEY *key, const char *path, struct err *err)
{
    char temporary[4096];
    FILE *file = create(path, 0600, temporary, err);

    return file && complete(file, PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1, temporary,
                            path, err);
}

static bool write_certificate(X509 *x509, const char *path, struct err *err)
{
    char temporary[4096];
    FILE *file = create(path, 0644, temporary, err);

    return file && complete(file, PEM_write_X509(file, x509) == 1, temporary, path, err);
}

struct authority {
    EVP_PKEY *key;
    X509 *x509;
};

static void authority_clear(struct authority *authority)
{
    X509_free(authority->x509);
    EVP_PKEY_free(authority->key);
    *authority = (struct authority){ .key = NULL };
}

static bool authority_create(struct authority *authority, const char *certificate, const char *key,
                             struct err *err)
{
    authority->key = EVP_EC_gen("P-256");
    authority->x509 = unsigned_certificate(authority->key, "Chappe demonstration CA", 20);
    X509_set_issuer_name(authority->x509, X509_get_subject_name(authority->x509));
    add_extension(authority->x509, authority->x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_extension(authority->x509, authority->x509, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(authority->x509, authority->x509, NID_subject_key_identifier, "hash");
    X509_sign(authority->x509, authority->key, EVP_sha256());
    return write_key(authority->key, key, err) && write_certificate(authority->x509, certificate, err);
}

static bool authority_open(struct authority *authority, const char *directory, struct err *err)
{
    void *scratch = talloc_new(NULL);
    char *certificate = talloc_asprintf(scratch, "%s/ca.pem", directory);
    char *key = talloc_asprintf(scratch, "%s/ca.key", directory);
    FILE *in = fopen(key, "re");
    bool is_open = true;

    if (in) {
        authority->key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
        authority->x509 = read_x509(certificate);
        fclose(in);
    }
    if (!authority->key || !authority->x509) {
        authority_clear(authority);
        is_open = authority_create(authority, certificate, key, err);
    }
    talloc_free(scratch);
    return is_open;
}

/* "DNS:a,IP:b" of names that cannot break out of that syntax. */
static char *alternative_list(const void *owner, const char *const *names, size_t count, struct err *err)
{
    char *list = talloc_strdup(owner, "");

    for (size_t i = 0; i < count; i++) {
        struct net_address address;
        bool is_address = net_address_parse(span_text(names[i]), &address);
        if (!*names[i] || names[i][strspn(names[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                    "0123456789-.*_:")]) {
            err_set(err, ERR_INVALID, "A certificate cannot be made for the name %s.", names[i]);
            return NULL;
        }
        list = talloc_asprintf_append(list, "%s%s:%s", i ? "," : "", is_address ? "IP" : "DNS", names[i]);
    }
    return list;
}

static bool write_server(struct authority *authority, const char *directory, const char *name,
                         const char *common_name, const char *alternatives, int years, struct err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = unsigned_certificate(key, common_name, years);
    void *scratch = talloc_new(NULL);
    bool is_written;

    X509_set_issuer_name(x509, X509_get_subject_name(authority->x509));
    add_extension(x509, authority->x509, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(x509, authority->x509, NID_key_usage, "critical,digitalSignature");
    add_extension(x509, authority->x509, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(x509, authority->x509, NID_subject_key_identifier, "hash");
    add_extension(x509, authority->x509, NID_authority_key_identifier, "keyid");
    add_extension(x509, authority->x509, NID_subject_alt_name, alternatives);
    X509_sign(x509, authority->key, EVP_sha256());
    is_written = write_key(key, talloc_asprintf(scratch, "%s/%s.key", directory, name), err) &&
                 write_certificate(x509, talloc_asprintf(scratch, "%s/%s.pem", directory, name), err);
    talloc_free(scratch);
    X509_free(x509);
    EVP_PKEY_free(key);
    return is_written;
}

bool tls_demonstration_create(const char *directory, const char *name, const char *const *names, size_t count,
                              int years, struct err *err)
{
    struct authority authority = { .key = NULL };
    void *scratch = talloc_new(NULL);
    char *alternatives = count ? alternative_list(scratch, names, count, err) : NULL;
    bool is_done = false;

    if (count == 0)
        err_set(err, ERR_INVALID, "A certificate needs at least one name.");
    if (alternatives && authority_open(&authority, directory, err))
        is_done = write_server(&authority, directory, name, names[0], alternatives, years, err);
    authority_clear(&authority);
    talloc_free(scratch);
    return is_done;
}
