import { DataTable, EmptyState, ErrorPanel, Facts, Foreign, Page, useFormat, useKitTexts, type Column } from '@chappe/kit'
import { IconDownload, IconSearch } from '@chappe/kit/icons'
import { Button, Code, Drawer, Select, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useMayEverywhere, useSession } from '../../app/session'
import { organisationsQuery } from '../organisations/data'
import { csvOf, download } from '../recipients/csv'
import list from '../recipients/list.module.css'
import { auditQuery, type AuditEntry } from './data'
import { auditRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (e: AuditEntry) => String(e.id)

function pretty(text: string | null | undefined): string {
  if (!text) return ''
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

export function Audit() {
  const say = useTexts()
  const kit = useKitTexts()
  const format = useFormat()
  const session = useSession()
  const search = auditRoute.useSearch()
  const navigate = useNavigate({ from: '/audit' })
  const everywhere = useMayEverywhere('audit.read')
  const organisations = useQuery(organisationsQuery).data ?? []
  const organisation = search.organisation ?? (everywhere ? '' : session.organisation)
  const pages = useInfiniteQuery(auditQuery(organisation || undefined))
  const wanted = (search.text ?? '').toLowerCase()
  const rows = useMemo(() => (pages.data?.pages.flat() ?? []).filter((e) => `${e.actor} ${e.action} ${e.object}`.toLowerCase().includes(wanted)), [pages.data, wanted])
  const columns = useMemo<Column<AuditEntry>[]>(
    () => [
      { id: 'at', title: say('at'), width: 1.1, cell: (e) => (e.at ? format.dateTime(e.at) : '') },
      { id: 'actor', title: say('actor'), width: 1.3, yields: 's', cell: (e) => <Foreign title={e.actor}>{e.actor}</Foreign> },
      { id: 'action', title: say('action'), cell: (e) => <Foreign>{e.action}</Foreign> },
      { id: 'object', title: say('object'), width: 1.6, cell: (e) => <Foreign title={e.object}>{e.object}</Foreign> },
      { id: 'after', title: say('after'), width: 2, yields: 'm', cell: (e) => <Foreign title={e.after ?? ''}>{e.after}</Foreign> },
    ],
    [say, format],
  )
  const open = rows.find((e) => String(e.id) === search.entry)
  return (
    <Page
      fill
      title={say('title')}
      lead={say('lead')}
      actions={
        <Button variant="default" leftSection={<IconDownload size={16} />} onClick={() => download('audit.csv', csvOf([['id', 'at', 'actor', 'action', 'object', 'before', 'after'], ...rows.map((e) => [e.id, e.at ?? '', e.actor, e.action, e.object, e.before ?? '', e.after ?? ''])]))}>
          {say('exportCsv')}
        </Button>
      }
    >
      <div className={list.filters}>
        <TextInput className={list.find} leftSection={<IconSearch size={16} />} aria-label={say('find')} placeholder={say('find')} value={search.text ?? ''} onChange={(e) => void navigate({ search: { ...search, text: e.currentTarget.value }, replace: true })} />
        <Select
          aria-label={say('about')}
          searchable
          allowDeselect={false}
          limit={50}
          data={[...(everywhere ? [{ value: '', label: say('installation') }] : []), ...organisations.map((o) => ({ value: o.name, label: o.name }))]}
          value={organisation}
          onChange={(o) => void navigate({ search: { ...search, organisation: o ?? undefined }, replace: true })}
        />
      </div>
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <DataTable
        label={say('title')}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        onOpen={(e) => void navigate({ search: { ...search, entry: String(e.id) } })}
        hasMore={pages.hasNextPage}
        isLoading={pages.isFetching}
        onMore={() => void pages.fetchNextPage()}
        empty={<EmptyState title={say('none')} />}
      />
      {open && (
        <Drawer opened position="right" size="lg" title={say('entry', { id: open.id })} closeButtonProps={{ 'aria-label': kit('close') }} onClose={() => void navigate({ search: { ...search, entry: undefined } })}>
          <Facts
            rows={[
              [say('at'), open.at ? format.dateTime(open.at) : ''],
              [say('actor'), <Foreign>{open.actor}</Foreign>],
              ...(open.peer ? [[say('from'), <Foreign>{open.peer}</Foreign>] as [string, React.ReactNode]] : []),
              [say('action'), <Foreign>{open.action}</Foreign>],
              [say('object'), <Foreign>{open.object}</Foreign>],
              [say('before'), open.before ? <Code block>{pretty(open.before)}</Code> : say('nothing')],
              [say('after'), open.after ? <Code block>{pretty(open.after)}</Code> : say('nothing')],
            ]}
          />
        </Drawer>
      )}
    </Page>
  )
}
