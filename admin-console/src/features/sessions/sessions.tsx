import { Confirm, EmptyState, ErrorPanel, Foreign, Page, tellDone, useFormat, wordOf, type Column } from '@chappe/kit'
import { IconSearch } from '@chappe/kit/icons'
import { Button, Group, Select, Text, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { ListTable } from '../../app/list-table'
import { Export, ExportButton } from '../jobs/export'
import list from '../recipients/list.module.css'
import { ScopeFilters } from '../recipients/scope-filters'
import { endSessions, sessionsQuery, type Session, type SessionFilter } from './data'
import { sessionsRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (s: Session) => String(s.id)
const KINDS = ['session', 'token', 'connection'] as const
const PROTOCOLS = ['web', 'imap', 'pop3', 'smtp', 'sieve'] as const

const optionsOf = ({ organisation, ...rest }: SessionFilter) => ({ org: organisation, ...rest })

/** Asks, ends, and says how many there were. */
function End({ filter, chosen, onDone }: { filter: SessionFilter; chosen: Session[] | undefined; onDone: () => void }) {
  const say = useTexts()
  const change = useChange()
  const end = async () => {
    const { ended, refused } = await change(() => endSessions(filter, chosen?.map((s) => s.id)), [['sessions']])
    tellDone([say('ended', { count: ended }), ...(refused > 0 ? [say('refused', { count: refused })] : [])].join(' '))
  }
  const lines = chosen ? chosen.slice(0, 20).map((s) => commandLine(['session', 'end', s.address, String(s.id)])) : commandLine(['session', 'end-all'], optionsOf(filter))
  return (
    <Confirm title={chosen ? say('selected', { count: chosen.length }) : say('endAll')} action={say(chosen ? 'end' : 'endAll')} onDone={onDone} onAct={end}>
      <p>{say(chosen ? 'endLead' : 'endAllLead')}</p>
      <Command line={lines} />
    </Confirm>
  )
}

/** Everybody's sessions, as far as the caller's delegation reaches. */
export function Sessions() {
  const say = useTexts()
  const format = useFormat()
  const search = sessionsRoute.useSearch()
  const navigate = useNavigate({ from: '/sessions' })
  const { dialog, ...filter } = search
  const [text, setText] = useState(search.text ?? '')
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const pages = useInfiniteQuery(sessionsQuery(filter))
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.sessions) ?? [], [pages.data])
  const chosen = rows.filter((s) => selected.has(keyOf(s)))
  const set = (change: Partial<typeof search>) => {
    setSelected(new Set())
    void navigate({ search: { ...search, ...change }, replace: true })
  }
  const find = useDebouncedCallback((wanted: string) => set({ text: wanted || undefined }), 200)
  const columns = useMemo<Column<Session>[]>(
    () => [
      { id: 'holder', title: say('holder'), width: 1.3, yields: 's', value: (s) => s.holder, cell: (s) => <Foreign title={s.holder}>{s.holder}</Foreign> },
      { id: 'address', title: say('address'), width: 1.5, value: (s) => s.address, cell: (s) => <Foreign title={s.address}>{s.address}</Foreign> },
      { id: 'by', title: say('by'), width: 1.6, value: (s) => `${wordOf(say, 'kind', s.kind)}${s.current ? ` (${say('own')})` : ''}${s.name && ` · ${s.name}`}`, cell: (s) => <Foreign title={s.name}>{`${wordOf(say, 'kind', s.kind)}${s.current ? ` (${say('own')})` : ''}${s.name && ` · ${s.name}`}`}</Foreign> },
      { id: 'peer', title: say('peer'), width: 1, yields: 'm', value: (s) => s.peer, cell: (s) => <Foreign title={s.peer}>{s.peer}</Foreign> },
      { id: 'since', title: say('since'), width: 0.9, yields: 's', align: 'end', value: (s) => s.created, cell: (s) => (s.created ? format.dateTime(s.created) : '') },
      { id: 'seen', title: say('seen'), width: 0.8, yields: 'm', align: 'end', value: (s) => s.seen, cell: (s) => (s.seen ? format.ago(s.seen) : say('now')) },
    ],
    [say, format],
  )
  const isFiltered = Object.values(filter).some(Boolean)
  return (
    <Page
      fill
      title={say('sessions')}
      lead={say('lead')}
      actions={
        <>
          <ExportButton onClick={() => set({ dialog: 'export' })} />
          {rows.some((s) => !s.current) && (
            <Button variant="outline" color="red" onClick={() => set({ dialog: 'end' })}>
              {say('endAll')}
            </Button>
          )}
        </>
      }
    >
      <div className={list.filters}>
        <TextInput
          className={list.find}
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
        <Select aria-label={say('kind')} placeholder={say('allKinds')} clearable data={KINDS.map((k) => ({ value: k, label: say(`kind.${k}`) }))} value={search.kind ?? null} onChange={(kind) => set({ kind: kind ?? undefined })} />
        <Select aria-label={say('protocol')} placeholder={say('allProtocols')} clearable data={PROTOCOLS.map((p) => ({ value: p, label: say(`protocol.${p}`) }))} value={search.protocol ?? null} onChange={(protocol) => set({ protocol: protocol ?? undefined })} />
      </div>
      {chosen.length > 0 && (
        <Group role="region" aria-label={say('selected', { count: chosen.length })}>
          <Text size="sm" fw={600}>
            {say('selected', { count: chosen.length })}
          </Text>
          <Button size="compact-sm" color="red" variant="outline" onClick={() => void navigate({ search: { ...search, dialog: 'chosen' }, replace: true })}>
            {say('end')}
          </Button>
          <Button size="compact-sm" variant="subtle" onClick={() => setSelected(new Set())}>
            {say('unselect')}
          </Button>
        </Group>
      )}
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <ListTable
        label={say('sessions')}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        rowName={(s) => `${s.address} ${s.name}`}
        selected={selected}
        onSelect={setSelected}
        onOpen={(s) => void navigate({ to: '/recipients/$address', params: { address: s.address }, search: { tab: 'security' } })}
        hasMore={pages.hasNextPage}
        isLoading={pages.isFetching && !pages.data}
        onMore={() => void pages.fetchNextPage()}
        empty={<EmptyState title={say(isFiltered ? 'noneFound' : 'none')} />}
      />
      <Command line={commandLine(['session', 'all'], optionsOf(filter))} />
      {dialog === 'export' && <Export list="sessions" query={filter} onClose={() => set({ dialog: undefined })} />}
      {(dialog === 'end' || (dialog === 'chosen' && chosen.length > 0)) && <End filter={filter} chosen={dialog === 'end' ? undefined : chosen} onDone={() => set({ dialog: undefined })} />}
    </Page>
  )
}
