import { EmptyState, ErrorPanel, Page, type Column } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button } from '@mantine/core'
import { useQuery, type UseQueryOptions } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import list from '../features/recipients/list.module.css'
import { Command, commandLine } from './command'
import { ListTable } from './list-table'
import { OrganisationField, useOrganisation } from './organisation-field'
import { useMay, type Permission } from './session'

/** What stands behind the ? of such a page. */
interface Words {
  organisation?: string | undefined
  dialog?: string | undefined
  name?: string | undefined
}

interface Props<Row> {
  title: string
  lead: string
  trail?: ReactNode
  add: string
  none: { title: string; lead: string }
  /** Of the command line: `address-list`. */
  noun: string
  reads: Permission
  writes: Permission
  columns: Column<Row>[]
  query: (organisation: string | undefined) => UseQueryOptions<Row[], Error, Row[], string[]>
  search: Words
  onSearch: (search: Words) => void
  /** Between the filters and the list. */
  more?: (rows: Row[], organisation: string) => ReactNode
  /** Where their order means something. */
  useMove?: (organisation: string | undefined) => { move: (rows: Row[], from: number, to: number) => void; error: unknown }
  one: (name: string, organisation: string, open: Open<Row>) => ReactNode
  edit: (row: Row | undefined, organisation: string, onClose: (name: string | undefined) => void) => ReactNode
}

interface Open<Row> {
  row: Row | undefined
  /** By a place; absent where there is no order, or nobody to change it. */
  onMove: ((step: -1 | 1) => void) | undefined
  onEdit: () => void
  onClose: () => void
}

const noMove = () => ({ move: undefined, error: null })

const keyOf = (row: { name: string }) => row.name

/** Things of an organisation that have a name: the list, one of them beside it, and the form that adds or changes one. */
export function NamedList<Row extends { name: string }>(p: Props<Row>) {
  const mayWrite = useMay(p.writes)
  const of = useOrganisation(p.search.organisation, p.reads)
  const all = useQuery(p.query(of.organisation))
  const set = (change: Words) => p.onSearch({ ...p.search, ...change })
  const row = all.data?.find((r) => r.name === p.search.name)
  const edits = p.search.dialog === 'edit'
  const { move, error } = (p.useMove ?? noMove)(of.organisation)
  const rows = all.data ?? []
  const shift = mayWrite && move && rows.length > 1 ? (from: number, to: number) => move(rows, from, to) : undefined
  const step = (by: -1 | 1) => {
    const from = row ? rows.indexOf(row) : -1
    if (from >= 0 && rows[from + by]) shift?.(from, from + by)
  }
  return (
    <Page
      fill
      title={p.title}
      trail={p.trail}
      lead={p.lead}
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={17} />} onClick={() => set({ dialog: 'add', name: undefined })}>
            {p.add}
          </Button>
        )
      }
    >
      <div className={list.filters}>
        <OrganisationField of={of} onChange={(organisation) => set({ organisation, name: undefined })} />
      </div>
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      {error !== null && <ErrorPanel error={error} />}
      {of.organisation && all.data && p.more?.(all.data, of.organisation)}
      <ListTable label={p.title} columns={p.columns} rows={rows} rowKey={keyOf} {...(shift && { onMove: shift })} isLoading={all.isLoading} onOpen={(r) => set({ name: r.name })} empty={<EmptyState title={p.none.title}>{p.none.lead}</EmptyState>} />
      <Command line={commandLine([p.noun, 'list'], { org: of.organisation ?? '' })} />
      {of.organisation && p.search.name && !p.search.dialog && p.one(p.search.name, of.organisation, { row, onMove: shift && step, onEdit: () => set({ dialog: 'edit' }), onClose: () => set({ name: undefined }) })}
      {of.organisation && (p.search.dialog === 'add' || (edits && row)) && p.edit(edits ? row : undefined, of.organisation, (name) => set({ dialog: undefined, name }))}
    </Page>
  )
}
