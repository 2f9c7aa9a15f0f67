import { Confirm, EmptyState, ErrorPanel, Foreign, Page, useFormat, wordOf, type Column } from '@chappe/kit'
import { IconPlus, IconSearch } from '@chappe/kit/icons'
import { Button, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { ListTable } from '../../app/list-table'
import { useMay } from '../../app/session'
import list from '../recipients/list.module.css'
import { grantsQuery, rolesQuery, type Grant } from './data'
import { useRoleTexts } from './roles'
import { delegationRoute } from './routes'
import { useTexts } from './texts'
import { Delegate } from './wizard'

const keyOf = (g: Grant) => String(g.id)

export function Delegation() {
  const say = useTexts()
  const words = useRoleTexts()
  const format = useFormat()
  const change = useChange()
  const search = delegationRoute.useSearch()
  const navigate = useNavigate({ from: '/delegation' })
  const mayWrite = useMay('delegation.write')
  const grants = useQuery(grantsQuery())
  const roles = useQuery(rolesQuery).data ?? []
  const [takes, setTakes] = useState<Grant | null>(null)
  const wanted = (search.text ?? '').toLowerCase()
  const rows = useMemo(
    () => (grants.data ?? []).filter((g) => `${g.holder} ${g.object ?? ''}`.toLowerCase().includes(wanted) && (!search.role || g.role === search.role)),
    [grants.data, wanted, search.role],
  )
  const columns = useMemo<Column<Grant>[]>(
    () => [
      { id: 'holder', title: say('holder'), width: 2, value: (g) => g.holder, cell: (g) => <Foreign title={g.holder ?? ''}>{g.holder}</Foreign> },
      { id: 'role', title: say('role'), width: 1.6, value: (g) => wordOf(words, 'role', g.role), cell: (g) => wordOf(words, 'role', g.role) },
      {
        id: 'scope',
        title: say('scope'),
        width: 2,
        yields: 's',
        cell: (g) => (
          <span title={g.object ?? ''}>
            {wordOf(words, 'scope', g.scope)} <Foreign>{g.object}</Foreign>
          </span>
        ),
      },
      { id: 'until', title: say('until'), yields: 's', value: (g) => g.until, cell: (g) => (g.until ? format.date(g.until) : say('forever')) },
      { id: 'by', title: say('by'), width: 1.4, yields: 'm', value: (g) => g.by, cell: (g) => <Foreign title={g.by ?? ''}>{g.by}</Foreign> },
      {
        id: 'acts',
        title: '',
        fixed: true,
        width: 96,
        align: 'end',
        cell: (g) =>
          mayWrite && (
            <Button
              size="compact-xs"
              variant="subtle"
              color="red"
              onClick={(e) => {
                e.stopPropagation()
                setTakes(g)
              }}
            >
              {say('take')}
            </Button>
          ),
      },
    ],
    [say, words, format, mayWrite],
  )
  return (
    <Page
      fill
      title={say('title')}
      lead={say('lead')}
      actions={
        <>
          <Button variant="default" renderRoot={(props) => <Link to="/delegation/rights" {...props} />}>
            {say('rights')}
          </Button>
          {mayWrite && (
            <Button leftSection={<IconPlus size={17} />} onClick={() => void navigate({ search: { ...search, dialog: 'add' } })}>
              {say('add')}
            </Button>
          )}
        </>
      }
    >
      <div className={list.filters}>
        <TextInput className={list.find} leftSection={<IconSearch size={16} />} aria-label={say('find')} placeholder={say('find')} value={search.text ?? ''} onChange={(e) => void navigate({ search: { ...search, text: e.currentTarget.value }, replace: true })} />
        <Select aria-label={say('role')} placeholder={say('allRoles')} clearable data={roles.map((r) => ({ value: r.name, label: wordOf(words, 'role', r.name) }))} value={search.role ?? null} onChange={(role) => void navigate({ search: { ...search, role: role ?? undefined }, replace: true })} />
      </div>
      {grants.error && <ErrorPanel error={grants.error} retry={() => void grants.refetch()} />}
      <ListTable
        label={say('title')}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        onOpen={(g) => void navigate({ to: '/delegation/rights', search: { who: g.holder ?? undefined } })}
        isLoading={grants.isFetching}
        empty={<EmptyState title={say(wanted || search.role ? 'noneFound' : 'none')} />}
      />
      {search.dialog && <Delegate preset={search.dialog} holder={search.holder} onClose={() => void navigate({ search: { ...search, dialog: undefined } })} />}
      {takes && (
        <Confirm title={say('take')} action={say('take')} onDone={() => setTakes(null)} onAct={() => change(() => api.delete(path`/grants/${takes.id}`), [['grants'], ['rights']], say('taken'))}>
          <p>
            <Foreign>{takes.holder}</Foreign>: {wordOf(words, 'role', takes.role)}, {wordOf(words, 'scope', takes.scope)} <Foreign>{takes.object}</Foreign>
          </p>
          <p>{say('takeLead', { who: takes.holder ?? '' })}</p>
          <Command line={commandLine(['grant', 'remove', String(takes.id)])} />
        </Confirm>
      )}
    </Page>
  )
}
