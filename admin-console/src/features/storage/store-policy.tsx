import { editBytes, parseBytes } from '@chappe/kit'
import { NumberInput, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { organisationsQuery } from '../organisations/data'
import type { Store } from './data'
import { useTexts } from './texts'

const sizes = ['warn_at', 'no_send_at', 'no_receive_at'] as const
const sizeTexts = { warn_at: 'warnAt', no_send_at: 'noSendAt', no_receive_at: 'noReceiveAt' } as const
const sizeOptions = { warn_at: 'warn', no_send_at: 'no-send', no_receive_at: 'no-receive' } as const
const AS_CONFIGURED = -1
const KEPT_DAYS = 30

/** Name, limits and periods of a `store`; without one, of a new one in one of `groups`. */
export function StorePolicy({ store, groups, onClose, onRenamed }: { store?: Store; groups?: string[]; onClose: () => void; onRenamed?: (name: string) => void }) {
  const say = useTexts()
  const change = useChange()
  const organisations = useQuery(organisationsQuery).data ?? []
  const [name, setName] = useState(store?.name ?? '')
  const [group, setGroup] = useState(store?.storage_group ?? groups?.[0] ?? '')
  const [organisation, setOrganisation] = useState(store?.organisation ?? '')
  const [limits, setLimits] = useState({ warn_at: editBytes(store?.warn_at ?? 0), no_send_at: editBytes(store?.no_send_at ?? 0), no_receive_at: editBytes(store?.no_receive_at ?? 0) })
  const [itemDays, setItemDays] = useState(store?.deleted_item_days ?? AS_CONFIGURED)
  const [mailboxDays, setMailboxDays] = useState(store?.deleted_mailbox_days ?? KEPT_DAYS)

  const before: Record<string, unknown> = store ? { ...store, deleted_item_days: store.deleted_item_days ?? AS_CONFIGURED } : { organisation: '', warn_at: 0, no_send_at: 0, no_receive_at: 0, deleted_item_days: AS_CONFIGURED }
  const wanted: Record<string, string | number> = { name, organisation, deleted_item_days: itemDays, deleted_mailbox_days: mailboxDays }
  for (const s of sizes) wanted[s] = parseBytes(limits[s]) ?? 0
  const changed = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => before[key] !== value))
  const options: Record<string, string | number | undefined> = { group }
  if (store && 'name' in changed) options['name'] = name
  if ('organisation' in changed) options['org'] = organisation
  for (const s of sizes) if (s in changed) options[sizeOptions[s]] = limits[s] || 0
  if ('deleted_item_days' in changed) options['deleted-item-days'] = itemDays
  if ('deleted_mailbox_days' in changed) options['deleted-mailbox-days'] = mailboxDays

  const submit = async () => {
    if (store) await change(() => api.patch(path`/stores/${store.name}`, changed, { storage_group: store.storage_group }), [['storage']], say('changed'))
    else await change(() => api.post('/stores', { ...changed, name, storage_group: group }), [['storage']], say('changed'))
    if (!store || name === store.name || !onRenamed) return
    onRenamed(name)
    return 'left'
  }
  const title = say(store ? 'edit' : 'addStore')
  return (
    <FormDialog title={title} action={title} command={commandLine(['store', store ? 'set' : 'add', store?.name ?? name], options)} disabled={sizes.some((s) => parseBytes(limits[s]) === null)} onClose={onClose} onSubmit={submit}>
      <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      {!store && <Select label={say('group')} data={groups ?? []} value={group} allowDeselect={false} onChange={(g) => setGroup(g ?? '')} />}
      <Select label={say('organisation')} placeholder={say('allOrganisations')} clearable searchable data={organisations.map((o) => o.name)} value={organisation || null} onChange={(o) => setOrganisation(o ?? '')} />
      {sizes.map((s) => (
        <TextInput
          key={s}
          label={say(sizeTexts[s])}
          description={say('sizeLead')}
          value={limits[s]}
          error={parseBytes(limits[s]) === null}
          onChange={(e) => {
            const text = e.currentTarget.value
            setLimits((l) => ({ ...l, [s]: text }))
          }}
        />
      ))}
      <NumberInput label={say('itemDays')} min={AS_CONFIGURED} allowDecimal={false} value={itemDays} onChange={(d) => setItemDays(Number(d))} />
      <NumberInput label={say('mailboxDays')} min={0} allowDecimal={false} value={mailboxDays} onChange={(d) => setMailboxDays(Number(d))} />
    </FormDialog>
  )
}
