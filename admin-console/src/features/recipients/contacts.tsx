import { Foreign, Status, type Column } from '@chappe/kit'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { AddRecipient } from './add'
import { contactsQuery, type Contact } from './data'
import { contactsRoute } from './routes'
import { SimpleList } from './simple-list'
import { useListTexts } from './texts-lists'
import { useTexts } from './texts'

const keyOf = (c: Contact) => c.address
const textOf = (c: Contact) => `${c.name} ${c.address} ${c.target}`

export function Contacts() {
  const say = useTexts()
  const list = useListTexts()
  const search = contactsRoute.useSearch()
  const navigate = useNavigate({ from: '/recipients/contacts' })
  const query = useQuery(contactsQuery({ organisation: search.organisation, domain: search.domain }))
  const columns = useMemo<Column<Contact>[]>(
    () => [
      { id: 'name', title: say('name'), width: 2, value: (c) => c.name, cell: (c) => <Foreign title={c.name}>{c.name}</Foreign> },
      { id: 'address', title: say('address'), width: 2, value: (c) => c.address, cell: (c) => <Foreign title={c.address}>{c.address}</Foreign> },
      { id: 'target', title: list('target'), width: 2, yields: 's', value: (c) => c.target, cell: (c) => <Foreign title={c.target}>{c.target}</Foreign> },
      { id: 'state', title: say('state'), width: 0.8, yields: 'm', value: (c) => say(c.enabled ? 'state.active' : 'state.disabled'), cell: (c) => <Status health={c.enabled ? 'good' : 'bad'}>{say(c.enabled ? 'state.active' : 'state.disabled')}</Status> },
    ],
    [say, list],
  )
  const shut = () => void navigate({ search: { ...search, dialog: undefined } })
  return (
    <SimpleList
      title={say('contacts')}
      search={search}
      onSearch={(s) => void navigate({ search: s, replace: true })}
      query={query}
      columns={columns}
      rowKey={keyOf}
      textOf={textOf}
      onOpen={(c) => void navigate({ to: '/recipients/contacts/$address', params: { address: c.address } })}
      addText={list('addContact')}
      none={list('noContacts')}
    >
      {search.dialog && <AddRecipient kind="contact" organisation={search.organisation} domain={search.domain} onKind={shut} onClose={shut} />}
    </SimpleList>
  )
}
