import { EmptyState, ErrorPanel, Page, type Column } from '@chappe/kit'
import { IconPlus, IconSearch } from '@chappe/kit/icons'
import { Button, TextInput } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { useMemo, useState, type ReactNode } from 'react'
import { ListTable } from '../../app/list-table'
import { useMay } from '../../app/session'
import type { Where } from './data'
import classes from './list.module.css'
import { ScopeFilters } from './scope-filters'
import { useTexts } from './texts'

export interface ListSearch extends Where {
  text?: string | undefined
  dialog?: string | undefined
}
interface Props<Row> {
  title: string
  search: ListSearch
  onSearch: (search: ListSearch) => void
  query: UseQueryResult<Row[]>
  columns: Column<Row>[]
  rowKey: (row: Row) => string
  textOf: (row: Row) => string
  onOpen?: (row: Row) => void
  addText: string
  none: string
  children?: ReactNode
}

/** A list that the server gives whole: found in here. */
export function SimpleList<Row>(p: Props<Row>) {
  const say = useTexts()
  const mayWrite = useMay('recipient.write')
  const [text, setText] = useState(p.search.text ?? '')
  const wanted = (p.search.text ?? '').toLowerCase()
  const { textOf } = p
  const rows = useMemo(() => (p.query.data ?? []).filter((r) => textOf(r).toLowerCase().includes(wanted)), [p.query.data, wanted, textOf])
  return (
    <Page
      fill
      title={p.title}
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={17} />} onClick={() => p.onSearch({ ...p.search, dialog: 'add' })}>
            {p.addText}
          </Button>
        )
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
            p.onSearch({ ...p.search, text: e.currentTarget.value })
          }}
        />
        <ScopeFilters organisation={p.search.organisation} domain={p.search.domain} onChange={(change) => p.onSearch({ ...p.search, ...change })} />
      </div>
      {p.query.error && <ErrorPanel error={p.query.error} retry={() => void p.query.refetch()} />}
      <ListTable label={p.title} columns={p.columns} rows={rows} rowKey={p.rowKey} {...(p.onOpen && { onOpen: p.onOpen })} isLoading={p.query.isFetching} empty={<EmptyState title={wanted ? say('noneFound') : p.none} />} />
      {p.children}
    </Page>
  )
}
