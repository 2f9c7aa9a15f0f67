import { EmptyState, ErrorPanel, Foreign, Page, Status, useFormat, wordOf, type Column } from '@chappe/kit'
import { IconPlus, IconSearch } from '@chappe/kit/icons'
import { Button, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { ListTable } from '../../app/list-table'
import { useMay } from '../../app/session'
import list from '../recipients/list.module.css'
import { ScopeFilters } from '../recipients/scope-filters'
import { AddDomain } from './add'
import { domainPagesQuery, type Domain } from './data'
import { domainsRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (d: Domain) => d.name

export function Domains() {
  const say = useTexts()
  const format = useFormat()
  const search = domainsRoute.useSearch()
  const navigate = useNavigate({ from: '/domains' })
  const mayAdd = useMay('domain.write')
  const [text, setText] = useState(search.text ?? '')
  const pages = useInfiniteQuery(domainPagesQuery({ organisation: search.organisation, text: search.text, sort: search.sort }))
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.domains) ?? [], [pages.data])
  const find = useDebouncedCallback((text: string) => void navigate({ search: { ...search, text: text || undefined }, replace: true }), 200)
  const columns = useMemo<Column<Domain>[]>(
    () => [
      { id: 'name', title: say('name'), sort: 'name', width: 2, cell: (d) => <Foreign title={d.name}>{d.name}</Foreign> },
      { id: 'organisation', title: say('organisation'), sort: 'organisation', width: 2, yields: 's', cell: (d) => <Foreign title={d.organisation}>{d.organisation}</Foreign> },
      { id: 'kind', title: say('kind'), sort: 'kind', yields: 'm', cell: (d) => wordOf(say, 'kind', d.kind) },
      { id: 'recipients', title: say('recipients'), sort: 'recipients', align: 'end', width: 0.7, cell: (d) => format.number(d.recipients) },
      { id: 'state', title: say('state'), sort: 'enabled', width: 0.8, yields: 's', cell: (d) => <Status health={d.enabled ? 'good' : 'bad'}>{say(d.enabled ? 'on' : 'off')}</Status> },
    ],
    [say, format],
  )
  return (
    <Page
      fill
      title={say('domains')}
      actions={
        mayAdd && (
          <Button leftSection={<IconPlus size={17} />} onClick={() => void navigate({ search: { ...search, dialog: 'add' } })}>
            {say('add')}
          </Button>
        )
      }
    >
      <div className={list.filters}>
        <TextInput className={list.find} leftSection={<IconSearch size={16} />} aria-label={say('find')} placeholder={say('find')} value={text} onChange={(e) => { setText(e.currentTarget.value); find(e.currentTarget.value) }} />
        <ScopeFilters organisation={search.organisation} noDomain onChange={(change) => void navigate({ search: { ...search, organisation: change.organisation }, replace: true })} />
      </div>
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <ListTable label={say('domains')} sort={search.sort ?? 'name'} onSort={(sort) => void navigate({ search: { ...search, sort }, replace: true })} columns={columns} rows={rows} rowKey={keyOf} onOpen={(d) => void navigate({ to: '/domains/$domain', params: { domain: d.name } })} hasMore={pages.hasNextPage} isLoading={pages.isFetching} onMore={() => void pages.fetchNextPage()} empty={<EmptyState title={say('none')}>{say('noneLead')}</EmptyState>} />
      {search.dialog === 'add' && (
        <AddDomain organisation={search.organisation} onClose={() => void navigate({ search: { ...search, dialog: undefined } })} onAdded={(name) => void navigate({ to: '/domains/$domain', params: { domain: name }, search: { tab: 'dns' } })} />
      )}
    </Page>
  )
}
