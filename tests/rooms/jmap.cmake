set(JMAP_ROOMS http format db trace auth directory group message mailbox queue deliver resolve policy sieve learn dns filter extract
    PkgConfig::JANSSON)
chappe_unit_tests(jmap ${JMAP_ROOMS})
chappe_fuzz_targets(jmap ${JMAP_ROOMS})
