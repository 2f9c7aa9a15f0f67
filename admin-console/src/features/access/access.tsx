import { Confirm, EmptyState, ErrorPanel, Facts, Foreign, Page, useFormat, useKitTexts, wordOf, type Column } from '@chappe/kit'
import { IconPlus, IconSearch } from '@chappe/kit/icons'
import { Button, Drawer, NumberInput, Select, Stack, Tabs, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { ListTable } from '../../app/list-table'
import { useMay, useMayEverywhere, useSession } from '../../app/session'
import { organisationsQuery } from '../organisations/data'
import list from '../recipients/list.module.css'
import { accessQuery, takeBack, type AccessEntry, type ListName } from './data'
import { accessRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (e: AccessEntry) => e.value
interface Which {
  of: ListName
  organisation: string | undefined
}

function Add({ of, organisation, onClose }: Which & { onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [value, setValue] = useState('')
  const [note, setNote] = useState('')
  const [hours, setHours] = useState<number | undefined>()
  return (
    <FormDialog
      title={say(`add.${of}`)}
      action={say(`add.${of}`)}
      command={commandLine([of, 'add', value], { org: organisation, note: note || undefined, hours })}
      onClose={onClose}
      onSubmit={() => change(() => api.post(`/${of}`, { value, ...(organisation && { organisation }), ...(note && { note }), ...(hours && { hours }) }), [['access', of]], say(`added.${of}`, { value }))}
    >
      <TextInput label={say('value')} description={say('valueHelp')} required data-autofocus spellCheck={false} value={value} onChange={(e) => setValue(e.currentTarget.value.trim())} />
      <TextInput label={say('note')} value={note} onChange={(e) => setNote(e.currentTarget.value)} />
      <NumberInput label={say('hours')} min={1} allowDecimal={false} value={hours ?? ''} onChange={(n) => setHours(Number(n) || undefined)} />
    </FormDialog>
  )
}

function Entry({ e, of, organisation, onClose }: Which & { e: AccessEntry; onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  const format = useFormat()
  const change = useChange()
  const mayWrite = useMay('policy.write')
  const [removes, setRemoves] = useState(false)
  return (
    <>
      <Drawer opened position="right" size="md" title={<Foreign>{e.value}</Foreign>} closeButtonProps={{ 'aria-label': kit('close') }} onClose={onClose}>
        <Stack>
          <Facts
            rows={[
              [say('kind'), wordOf(say, 'kind', e.kind)],
              [say('note'), <Foreign>{e.note}</Foreign>],
              [say('by'), <Foreign>{e.by}</Foreign>],
              [say('created'), e.created ? format.dateTime(e.created) : ''],
              [say('expires'), e.expires ? format.dateTime(e.expires) : say('forEver')],
            ]}
          />
          <Command line={commandLine([of, 'show', e.value], { org: organisation })} />
          {mayWrite && (
            <Button color="red" variant="outline" onClick={() => setRemoves(true)}>
              {say('remove')}
            </Button>
          )}
        </Stack>
      </Drawer>
      {removes && (
        <Confirm
          title={`${say('remove')}: ${e.value}`}
          action={say('remove')}
          onDone={() => setRemoves(false)}
          onAct={async () => {
            await change(() => takeBack(of, e.value, organisation), [['access', of]], say('removed', { value: e.value }))
            onClose()
            return 'left'
          }}
        >
          <p>{say(`removeLead.${of}`)}</p>
          <Command line={commandLine([of, 'remove', e.value], { org: organisation })} />
        </Confirm>
      )}
    </>
  )
}

export function Access() {
  const say = useTexts()
  const format = useFormat()
  const session = useSession()
  const search = accessRoute.useSearch()
  const navigate = useNavigate({ from: '/access' })
  const everywhere = useMayEverywhere('policy.read')
  const mayWrite = useMay('policy.write')
  const organisations = useQuery({ ...organisationsQuery, enabled: useMay('organisation.read') }).data ?? []
  const of: ListName = search.tab === 'allow' ? 'allow' : 'block'
  const organisation = search.organisation ?? (everywhere ? undefined : session.organisation)
  const all = useQuery(accessQuery(of, organisation))
  const wanted = (search.text ?? '').toLowerCase()
  const rows = useMemo(() => (all.data ?? []).filter((e) => `${e.value} ${e.note ?? ''}`.toLowerCase().includes(wanted)), [all.data, wanted])
  const set = (change: Partial<typeof search>) => void navigate({ search: { ...search, ...change }, replace: true })
  const columns: Column<AccessEntry>[] = [
    { id: 'value', title: say('value'), width: 1.8, value: (e) => e.value, cell: (e) => <Foreign title={e.value}>{e.value}</Foreign> },
    { id: 'kind', title: say('kind'), width: 0.8, yields: 's', value: (e) => wordOf(say, 'kind', e.kind), cell: (e) => wordOf(say, 'kind', e.kind) },
    { id: 'note', title: say('note'), width: 2, yields: 's', value: (e) => e.note, cell: (e) => <Foreign title={e.note ?? ''}>{e.note}</Foreign> },
    { id: 'by', title: say('by'), width: 1.2, yields: 'm', value: (e) => e.by, cell: (e) => <Foreign>{e.by}</Foreign> },
    { id: 'expires', title: say('expires'), width: 1, align: 'end', value: (e) => e.expires, cell: (e) => (e.expires ? format.dateTime(e.expires) : say('forEver')) },
  ]
  const open = rows.find((e) => e.value === search.value)
  return (
    <Page
      fill
      title={say('title')}
      lead={say('lead')}
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={17} />} onClick={() => set({ dialog: 'add' })}>
            {say(`add.${of}`)}
          </Button>
        )
      }
    >
      <Tabs value={of} onChange={(tab) => set({ tab: tab ?? undefined, value: undefined })}>
        <Tabs.List>
          <Tabs.Tab value="block">{say('tab.block')}</Tabs.Tab>
          <Tabs.Tab value="allow">{say('tab.allow')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value={of}>{null}</Tabs.Panel>
      </Tabs>
      <div className={list.filters}>
        <TextInput className={list.find} leftSection={<IconSearch size={16} />} aria-label={say('find')} placeholder={say('find')} value={search.text ?? ''} onChange={(e) => set({ text: e.currentTarget.value })} />
        <Select aria-label={say('about')} searchable allowDeselect={false} data={[...(everywhere ? [{ value: '', label: say('installation') }] : []), ...organisations.map((o) => ({ value: o.name, label: o.name }))]} value={organisation ?? ''} onChange={(o) => set({ organisation: o ?? undefined })} />
      </div>
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      <ListTable label={say(`tab.${of}`)} columns={columns} rows={rows} rowKey={keyOf} onOpen={(e) => set({ value: e.value })} isLoading={all.isPending} empty={<EmptyState title={say(`none.${of}`)} />} />
      <Command line={commandLine([of, 'list'], { org: organisation })} />
      {search.dialog === 'add' && <Add of={of} organisation={organisation} onClose={() => set({ dialog: undefined })} />}
      {open && <Entry e={open} of={of} organisation={organisation} onClose={() => set({ value: undefined })} />}
    </Page>
  )
}
