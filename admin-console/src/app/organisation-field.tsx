import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { organisationsQuery } from '../features/organisations/data'
import { useMay, useMayEverywhere, useSession, type Permission } from './session'
import { useAppTexts } from './texts'

/** The organisation that a page is about: as its address says, else one's own, else the first. `all`: none may be meant, by whom holds `permission` everywhere. */
export function useOrganisation(given: string | undefined, permission: Permission, all = false) {
  const session = useSession()
  const everywhere = useMayEverywhere(permission)
  const list = useQuery({ ...organisationsQuery, enabled: useMay('organisation.read') }).data
  const names = list?.map((o) => o.name) ?? (everywhere ? [] : [session.organisation])
  const standard = everywhere ? (all ? undefined : names[0]) : session.organisation
  return { names, mayAll: all && everywhere, organisation: given ?? standard }
}

interface Props {
  of: ReturnType<typeof useOrganisation>
  onChange: (organisation: string | undefined) => void
}

/** Chooses it; nothing where there is no choice. */
export function OrganisationField({ of, onChange }: Props) {
  const say = useAppTexts()
  if (of.names.length < 2 && !of.mayAll) return null
  const data = [...(of.mayAll ? [{ value: '', label: say('everywhere') }] : []), ...of.names.map((name) => ({ value: name, label: name }))]
  return <Select aria-label={say('organisation')} searchable allowDeselect={false} limit={60} data={data} value={of.organisation ?? ''} onChange={(name) => onChange(name === '' || name === null ? undefined : name)} />
}
