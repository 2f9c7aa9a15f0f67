import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMay } from '../../app/session'
import { useAddTexts } from '../recipients/texts-add'
import { adminGroupsQuery } from './data'

/** Which administrative group holds it: only where there is a choice. `clearable`: the first one takes what names none. */
export function AdminGroupField({ organisation, value, onChange, clearable = false }: { organisation: string | null | undefined; value: string; onChange: (name: string) => void; clearable?: boolean }) {
  const say = useAddTexts()
  const mayRead = useMay('organisation.read')
  const groups = useQuery({ ...adminGroupsQuery(organisation ?? undefined), enabled: mayRead && Boolean(organisation) }).data ?? []
  if (groups.length < 2) return null
  return <Select label={say('adminGroup')} description={say('adminGroupHelp')} allowDeselect={clearable} clearable={clearable} data={groups.map((g) => g.name)} value={value || null} onChange={(name) => onChange(name ?? '')} />
}
