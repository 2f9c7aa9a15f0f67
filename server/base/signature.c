/* signature.c -- see signature.h. */
#include "base/signature.h"

#include <limits.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <talloc.h>

struct signature_verifier {
    const char *ca_file;
    X509_STORE *store; /* NULL: not needed yet */
};

static int forget(struct signature_verifier *verifier)
{
    X509_STORE_free(verifier->store);
    return 0;
}

struct signature_verifier *signature_verifier_new(const void *owner, const char *ca_file)
{
    struct signature_verifier *verifier = talloc_zero(owner, struct signature_verifier);

    verifier->ca_file = talloc_strdup(verifier, ca_file);
    talloc_set_destructor(verifier, forget);
    return verifier;
}

static X509_STORE *store_of(struct signature_verifier *verifier)
{
    if (verifier->store)
        return verifier->store;
    verifier->store = X509_STORE_new();
    if (*verifier->ca_file)
        (void)X509_STORE_load_file(verifier->store, verifier->ca_file); /* none of them: nobody is believed */
    else
        (void)X509_STORE_set_default_paths(verifier->store);
    return verifier->store;
}

static bool names_one(X509 *certificate, const char *const *emails, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (X509_check_email(certificate, emails[i], 0, 0) == 1)
            return true;
    return false;
}

static bool is_of(CMS_ContentInfo *cms, const char *const *emails, size_t count)
{
    STACK_OF(X509) *signers = CMS_get0_signers(cms);
    bool found = false;

    for (int i = 0; signers && i < sk_X509_num(signers) && !found; i++)
        found = names_one(sk_X509_value(signers, i), emails, count);
    sk_X509_free(signers);
    return found;
}

static enum signature_verdict judge(struct signature_verifier *verifier, struct span content,
                                    CMS_ContentInfo *cms, const char *const *emails, size_t count)
{
    BIO *bytes = BIO_new_mem_buf(content.p, (int)span_length(content));
    bool holds = CMS_verify(cms, NULL, store_of(verifier), bytes, NULL, CMS_BINARY) == 1;
    unsigned long why = ERR_peek_last_error();

    BIO_free(bytes);
    if (holds)
        return is_of(cms, emails, count) ? SIGNATURE_HOLDS : SIGNATURE_ANOTHER;
    return ERR_GET_LIB(why) == ERR_LIB_CMS && ERR_GET_REASON(why) == CMS_R_CERTIFICATE_VERIFY_ERROR
               ? SIGNATURE_UNBELIEVED
               : SIGNATURE_CHANGED;
}

enum signature_verdict signature_verify(struct signature_verifier *verifier, struct span content,
                                        struct span der, const char *const *emails, size_t count)
{
    const unsigned char *at = (const unsigned char *)der.p;
    enum signature_verdict verdict = SIGNATURE_UNREADABLE;
    CMS_ContentInfo *cms = NULL;

    ERR_clear_error();
    if (span_length(content) <= INT_MAX && span_length(der) <= INT_MAX)
        cms = d2i_CMS_ContentInfo(NULL, &at, (long)span_length(der));
    if (cms)
        verdict = judge(verifier, content, cms, emails, count);
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return verdict;
}
