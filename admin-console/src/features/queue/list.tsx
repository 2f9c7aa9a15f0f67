import { EmptyState, ErrorPanel, Foreign, Page, Status, useFormat, wordOf, type Column } from '@chappe/kit'
import { IconDots } from '@chappe/kit/icons'
import { Button, Menu } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { Command, commandLine } from '../../app/command'
import { FilterForm, type FilterField } from '../../app/filter-form'
import { ListTable } from '../../app/list-table'
import { useMay, useMayEverywhere } from '../../app/session'
import { Export, ExportButton } from '../jobs/export'
import { organisationsQuery } from '../organisations/data'
import { ActDialog, filterOptions } from './act-dialog'
import { ACTS, isAct, queueQuery, type QueueEntry } from './data'
import { Lanes } from './lanes'
import { queueRoute } from './routes'
import { useTexts } from './texts'
import { stateHealth, useWhy } from './why'

const keyOf = (e: QueueEntry) => String(e.id)
type Word = 'sender' | 'recipient' | 'domain' | 'state' | 'older' | 'login' | 'organisation'
const AGES = ['600', '3600', '14400', '86400', '259200']

export function Queue() {
  const say = useTexts()
  const format = useFormat()
  const why = useWhy()
  const { dialog, ...filter } = queueRoute.useSearch()
  const navigate = useNavigate({ from: '/queue' })
  const mayWrite = useMay('queue.write')
  const everywhere = useMayEverywhere('queue.read')
  const organisations = useQuery({ ...organisationsQuery, enabled: useMay('organisation.read') }).data ?? []
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const pages = useInfiniteQuery(queueQuery(filter))
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.entries) ?? [], [pages.data])
  const isFiltered = Object.values(filter).some(Boolean)
  const fields: FilterField<Word>[] = [
    { name: 'sender', label: say('sender'), hint: '<>' },
    { name: 'recipient', label: say('recipient') },
    { name: 'domain', label: say('domain'), hint: 'example.org' },
    { name: 'login', label: say('login') },
    { name: 'state', label: say('state'), choices: ['waiting', 'in-work', 'held'].map((s) => ({ value: s, label: wordOf(say, 'state', s) })) },
    { name: 'older', label: say('older'), choices: AGES.map((a) => ({ value: a, label: wordOf(say, 'age', a) })) },
    ...(organisations.length > 1 ? [{ name: 'organisation' as const, label: say('organisation'), choices: organisations.map((o) => ({ value: o.name, label: o.name })) }] : []),
  ]
  const columns: Column<QueueEntry>[] = [
    { id: 'state', title: say('state'), width: 0.9, yields: 's', value: (e) => wordOf(say, 'state', e.state), cell: (e) => <Status health={stateHealth[e.state] ?? 'none'}>{wordOf(say, 'state', e.state)}</Status> },
    { id: 'sender', title: say('sender'), width: 1.6, yields: 'm', value: (e) => e.sender || '<>', cell: (e) => <Foreign title={e.sender}>{e.sender || '<>'}</Foreign> },
    { id: 'recipient', title: say('recipient'), width: 1.8, value: (e) => e.recipient, cell: (e) => <Foreign title={e.recipient}>{e.recipient}</Foreign> },
    { id: 'why', title: say('why'), width: 3, value: (e) => why(e), cell: (e) => <Foreign title={why(e)}>{why(e)}</Foreign> },
    { id: 'received', title: say('received'), width: 0.9, yields: 's', align: 'end', value: (e) => e.received, cell: (e) => (e.received ? format.ago(e.received) : '') },
    { id: 'size', title: say('size'), width: 0.6, yields: 'm', align: 'end', value: (e) => e.size, cell: (e) => format.bytes(e.size) },
  ]
  const chosen = isAct(dialog) ? dialog : undefined
  const set = (change: Partial<typeof filter> & { dialog?: string | undefined }) => void navigate({ search: { ...filter, ...change }, replace: true })
  const onWhat = selected.size > 0 ? { ids: [...selected] } : { filter: { ...filter, ...(filter.state === 'in-work' && { state: undefined }) } }
  return (
    <Page
      title={say('title')}
      lead={say('lead')}
      actions={
        <>
          <ExportButton onClick={() => set({ dialog: 'export' })} />
          {mayWrite && (
            <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="default" leftSection={<IconDots size={16} />} disabled={selected.size === 0 && !isFiltered}>
                  {selected.size > 0 ? say('actOnChosen', { count: selected.size }) : say('actOnFilter')}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {ACTS.map((a) => (
                  <Menu.Item key={a} onClick={() => set({ dialog: a })} {...((a === 'delete' || a === 'return') && { color: 'red' })}>
                    {say(`act.${a}`)}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      {everywhere && <Lanes domain={filter.domain} />}
      <FilterForm fields={fields} values={filter} action={say('search')} clear={say('clear')} onChange={(values) => void navigate({ search: values })} />
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <ListTable
        label={say('title')}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        rowName={(e) => e.recipient}
        onOpen={(e) => void navigate({ to: '/queue/$id', params: { id: e.message } })}
        selected={selected}
        {...(mayWrite && { onSelect: setSelected })}
        hasMore={pages.hasNextPage}
        isLoading={pages.isPending || pages.isFetchingNextPage}
        onMore={() => void pages.fetchNextPage()}
        maxHeight={560}
        empty={<EmptyState title={say(isFiltered ? 'noneFound' : 'empty')}>{isFiltered ? undefined : say('emptyLead')}</EmptyState>}
      />
      <Command line={commandLine(['queue', 'list'], filterOptions(filter))} />
      {dialog === 'export' && <Export list="queue" query={{ ...filter }} onClose={() => set({ dialog: undefined })} />}
      {chosen && (selected.size > 0 || isFiltered) && (
        <ActDialog
          kind={chosen}
          on={onWhat}
          onClose={() => set({ dialog: undefined })}
          onDone={() => {
            setSelected(new Set())
            set({ dialog: undefined })
          }}
        />
      )}
    </Page>
  )
}
