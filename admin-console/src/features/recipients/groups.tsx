import { Foreign, Status, useFormat, type Column } from '@chappe/kit'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { AddRecipient } from './add'
import { groupsQuery, type Group } from './data'
import { groupsRoute } from './routes'
import { SimpleList } from './simple-list'
import { useListTexts } from './texts-lists'
import { useTexts } from './texts'

const keyOf = (g: Group) => g.address
const textOf = (g: Group) => `${g.name} ${g.address}`

export function Groups() {
  const say = useTexts()
  const list = useListTexts()
  const format = useFormat()
  const search = groupsRoute.useSearch()
  const navigate = useNavigate({ from: '/recipients/groups' })
  const query = useQuery(groupsQuery({ organisation: search.organisation, domain: search.domain }))
  const columns = useMemo<Column<Group>[]>(
    () => [
      { id: 'name', title: say('name'), width: 2, value: (g) => g.name, cell: (g) => <Foreign title={g.name}>{g.name}</Foreign> },
      { id: 'address', title: say('address'), width: 2, value: (g) => g.address, cell: (g) => <Foreign title={g.address}>{g.address}</Foreign> },
      { id: 'members', title: list('members'), width: 0.7, align: 'end', yields: 's', value: (g) => g.members, cell: (g) => format.number(g.members) },
      { id: 'state', title: say('state'), width: 0.8, yields: 's', value: (g) => say(g.enabled ? 'state.active' : 'state.disabled'), cell: (g) => <Status health={g.enabled ? 'good' : 'bad'}>{say(g.enabled ? 'state.active' : 'state.disabled')}</Status> },
    ],
    [say, list, format],
  )
  return (
    <SimpleList
      title={say('groups')}
      search={search}
      onSearch={(s) => void navigate({ search: s, replace: true })}
      query={query}
      columns={columns}
      rowKey={keyOf}
      textOf={textOf}
      onOpen={(g) => void navigate({ to: '/recipients/groups/$address', params: { address: g.address } })}
      addText={list('addGroup')}
      none={list('noGroups')}
    >
      {search.dialog && <AddRecipient kind="group" organisation={search.organisation} domain={search.domain} onKind={() => void navigate({ search: { ...search, dialog: undefined } })} onClose={() => void navigate({ search: { ...search, dialog: undefined } })} />}
    </SimpleList>
  )
}
