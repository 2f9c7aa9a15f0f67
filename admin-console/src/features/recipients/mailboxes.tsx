import { DataTable, EmptyState, Foreign, Page, ErrorPanel, Status, useFormat, wordOf, type Column, onDemand } from '@chappe/kit'
import { IconDots, IconDownload, IconFileImport, IconPlus, IconSearch } from '@chappe/kit/icons'
import { ActionIcon, Button, Checkbox, Menu, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useMay } from '../../app/session'
import { mailboxFilter, mailboxesQuery, type Listed } from './data'
import classes from './list.module.css'
import { mailboxesRoute } from './routes'
import { stateHealth } from './states'
import { useTexts } from './texts'
import { ScopeFilters } from './scope-filters'

const BulkBar = onDemand(() => import('./bulk').then((m) => ({ default: m.BulkBar })))
const ExportDialog = onDemand(() => import('../jobs/export-dialog').then((m) => ({ default: m.ExportDialog })))
const AddRecipient = onDemand(() => import('./add').then((m) => ({ default: m.AddRecipient })))

const KINDS = ['user', 'shared', 'room', 'equipment', 'public-folder']
const STATES = ['active', 'no-login', 'disabled']

export function Mailboxes() {
  const say = useTexts()
  const format = useFormat()
  const search = mailboxesRoute.useSearch()
  const navigate = useNavigate({ from: '/recipients' })
  const [text, setText] = useState(search.text ?? '')
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const { dialog, hide, ...filter } = search
  const hidden = useMemo(() => hide?.split(' ') ?? [], [hide])
  const mayWrite = useMay('recipient.write')
  const pages = useInfiniteQuery(mailboxesQuery(filter))
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.recipients) ?? [], [pages.data])
  const set = (change: Partial<typeof search>) => void navigate({ search: { ...search, ...change }, replace: true })
  const find = useDebouncedCallback((text: string) => set({ text }), 200)

  const columns = useMemo<Column<Listed>[]>(
    () => [
      { id: 'name', title: say('name'), width: 2, sort: 'name', cell: (u) => <Foreign title={u.name}>{u.name}</Foreign> },
      { id: 'address', title: say('address'), width: 2.4, sort: 'address', cell: (u) => <Foreign title={u.address}>{u.address}</Foreign> },
      { id: 'kind', title: say('kind'), width: 1.1, yields: 'm', sort: 'kind', cell: (u) => wordOf(say, 'kind', u.kind) },
      { id: 'state', title: say('state'), width: 1.3, yields: 's', sort: 'state', cell: (u) => <Status health={stateHealth[u.state] ?? 'none'}>{wordOf(say, 'state', u.state)}</Status> },
      { id: 'quota', title: say('quota'), width: 0.8, yields: 's', align: 'end', sort: 'quota', cell: (u) => (u.quota ? format.bytes(u.quota) : say('noLimit')) },
      { id: 'store', title: say('store'), width: 1.1, yields: 'm', sort: 'store', cell: (u) => <Foreign title={u.store ?? ''}>{u.store ?? ''}</Foreign> },
      { id: 'created', title: say('created'), width: 0.9, yields: 'm', align: 'end', sort: 'created', cell: (u) => (u.created ? format.date(u.created) : '') },
    ],
    [say, format],
  )
  const isFiltered = Boolean(search.text || search.kind || search.state || search.domain || search.organisation)
  return (
    <Page
      fill
      title={say('mailboxes')}
      actions={
        <>
          <Menu position="bottom-end" closeOnItemClick={false}>
            <Menu.Target>
              <ActionIcon variant="default" size={36} aria-label={say('more')}>
                <IconDots size={18} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item closeMenuOnClick leftSection={<IconDownload size={16} />} onClick={() => set({ dialog: 'export' })}>
                {say('exportCsv')}
              </Menu.Item>
              <Menu.Label>{say('columns')}</Menu.Label>
              {columns.slice(2).map((c) => (
                <Menu.Item
                  key={c.id}
                  component="div"
                  role="menuitemcheckbox"
                  aria-checked={!hidden.includes(c.id)}
                  leftSection={<Checkbox size="xs" checked={!hidden.includes(c.id)} readOnly tabIndex={-1} aria-hidden />}
                  onClick={() => set({ hide: hidden.includes(c.id) ? hidden.filter((h) => h !== c.id).join(' ') : [...hidden, c.id].join(' ') })}
                >
                  {c.title}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          {mayWrite && (
            <>
              <Button variant="default" leftSection={<IconFileImport size={17} />} renderRoot={(props) => <Link to="/recipients/import" search={{ organisation: search.organisation }} {...props} />}>
                {say('importCsv')}
              </Button>
              <Button leftSection={<IconPlus size={17} />} onClick={() => set({ dialog: 'add' })}>
                {say('add')}
              </Button>
            </>
          )}
        </>
      }
    >
      <div className={classes.filters}>
        <TextInput
          className={classes.find}
          leftSection={<IconSearch size={16} />}
          aria-label={say('find')}
          placeholder={say('find')}
          value={text}
          onChange={(e) => {
            setText(e.currentTarget.value)
            find(e.currentTarget.value)
          }}
        />
        <ScopeFilters organisation={search.organisation} domain={search.domain} onChange={set} />
        <Select aria-label={say('kind')} placeholder={say('allKinds')} clearable data={KINDS.map((k) => ({ value: k, label: wordOf(say, 'kind', k) }))} value={search.kind ?? null} onChange={(kind) => set({ kind: kind ?? undefined })} />
        <Select aria-label={say('state')} placeholder={say('allStates')} clearable data={STATES.map((s) => ({ value: s, label: wordOf(say, 'state', s) }))} value={search.state ?? null} onChange={(state) => set({ state: state ?? undefined })} />
      </div>
      {mayWrite && selected.size > 0 && <BulkBar addresses={[...selected]} onClear={() => setSelected(new Set())} />}
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <DataTable
        label={say('mailboxes')}
        columns={columns}
        rows={rows}
        rowKey={(u) => u.address}
        rowName={(u) => u.name}
        onOpen={(u) => void navigate({ to: '/recipients/$address', params: { address: u.address } })}
        hidden={hidden}
        sort={search.sort ?? 'address'}
        onSort={(sort) => set({ sort })}
        selected={selected}
        {...(mayWrite && { onSelect: setSelected })}
        hasMore={pages.hasNextPage}
        isLoading={pages.isFetching}
        onMore={() => void pages.fetchNextPage()}
        empty={
          isFiltered ? (
            <EmptyState
              title={say('noneFound')}
              action={
                <Button
                  variant="default"
                  onClick={() => {
                    setText('')
                    void navigate({ search: {} })
                  }}
                >
                  {say('clear')}
                </Button>
              }
            />
          ) : (
            <EmptyState title={say('none')}>{say('noneLead')}</EmptyState>
          )
        }
      />
      {dialog === 'export' && <ExportDialog list="recipients" query={mailboxFilter(filter)} onClose={() => set({ dialog: undefined })} />}
      {dialog?.startsWith('add') && (
        <AddRecipient
          kind={dialog.split(' ')[1]}
          organisation={search.organisation}
          domain={search.domain}
          onKind={(kind) => set({ dialog: kind ? `add ${kind}` : 'add' })}
          onClose={() => set({ dialog: undefined })}
        />
      )}
    </Page>
  )
}
