import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMay } from '../../app/session'
import { domainNamesQuery } from '../domains/data'
import { organisationsQuery } from '../organisations/data'
import { useTexts } from './texts'
import type { Where } from './data'

/** Which organisation and which domain a list is about. */
export function ScopeFilters({ organisation, domain, noDomain, onChange }: Where & { noDomain?: boolean; onChange: (change: Where) => void }) {
  const say = useTexts()
  const organisations = useQuery({ ...organisationsQuery, enabled: useMay('organisation.read') }).data ?? []
  const domains = useQuery({ ...domainNamesQuery(organisation), enabled: useMay('domain.read') && !noDomain }).data ?? []
  return (
    <>
      {(organisations.length > 1 || organisation) && (
        <Select aria-label={say('organisation')} placeholder={say('allOrganisations')} searchable clearable limit={50} data={organisations.map((o) => o.name)} value={organisation ?? null} onChange={(name) => onChange({ organisation: name ?? undefined, domain: undefined })} />
      )}
      {!noDomain && (domains.length > 1 || domain) && (
        <Select aria-label={say('domain')} placeholder={say('allDomains')} searchable clearable limit={50} data={domains} value={domain ?? null} onChange={(name) => onChange({ domain: name ?? undefined })} />
      )}
    </>
  )
}
