import { Answered, Foreign, type Column } from '@chappe/kit'
import { Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { Command, commandLine } from '../../app/command'
import { NamedList } from '../../app/named-list'
import { useMay } from '../../app/session'
import { Remove, Side } from '../../app/side'
import { addressListQuery, addressListsQuery, type AddressList } from './data'
import { Edit } from './edit-list'
import classes from './policies.module.css'
import { addressListsRoute } from './routes'
import { useTexts } from './texts'

const SHOWN = 200

/** Whom one list shows now. */
function One({ name, organisation, onEdit, onClose }: { name: string; organisation: string; onEdit: () => void; onClose: () => void }) {
  const say = useTexts()
  const mayWrite = useMay('policy.write')
  const one = useQuery(addressListQuery(name, organisation))
  const [removes, setRemoves] = useState(false)
  return (
    <>
      <Side title={name} size="md" onClose={onClose}>
        <Answered of={one}>
          {(l) => (
            <Stack>
              <code className={classes.filter}>{l.query}</code>
              {mayWrite && (
                <Group>
                  <Button onClick={onEdit}>{say('edit')}</Button>
                  <Button color="red" variant="outline" onClick={() => setRemoves(true)}>
                    {say('remove')}
                  </Button>
                </Group>
              )}
              <Text fw={600} size="sm">
                {say('members', { count: l.members.length })}
              </Text>
              {l.members.length === 0 && <Text size="sm" c="dimmed">{say('membersNone')}</Text>}
              <ul className={classes.members} tabIndex={0} aria-label={say('members', { count: l.members.length })}>
                {l.members.slice(0, SHOWN).map((m) => (
                  <li key={m}>
                    <Foreign>{m}</Foreign>
                  </li>
                ))}
              </ul>
              {l.members.length > SHOWN && <Text size="sm" c="dimmed">{say('more', { count: l.members.length - SHOWN })}</Text>}
              <Command line={commandLine(['address-list', 'show', name], { org: organisation })} />
            </Stack>
          )}
        </Answered>
      </Side>
      {removes && (
        <Remove
          action={say('remove')}
          name={name}
          lead={say('removeListLead')}
          command={commandLine(['address-list', 'remove', name], { org: organisation })}
          done={say('removed')}
          keys={[['address-lists']]}
          act={() => api.delete(path`/address-lists/${name}`, { organisation })}
          onCancel={() => setRemoves(false)}
          onRemoved={onClose}
        />
      )}
    </>
  )
}

/** The address books that people of an organisation see. */
export function AddressLists() {
  const say = useTexts()
  const search = addressListsRoute.useSearch()
  const navigate = useNavigate({ from: '/address-lists' })
  const columns = useMemo<Column<AddressList>[]>(
    () => [
      { id: 'name', title: say('name'), width: 1, value: (l) => l.name, cell: (l) => <Foreign title={l.name}>{l.name}</Foreign> },
      { id: 'query', title: say('query'), width: 2, value: (l) => l.query, cell: (l) => <code className={classes.inline} title={l.query}>{l.query}</code> },
    ],
    [say],
  )
  return (
    <NamedList
      title={say('lists')}
      lead={say('listsLead')}
      add={say('addList')}
      none={{ title: say('listsNone'), lead: say('listsNoneLead') }}
      noun="address-list"
      reads="policy.read"
      writes="policy.write"
      columns={columns}
      query={addressListsQuery}
      search={search}
      onSearch={(to) => void navigate({ search: to, replace: true })}
      one={(name, organisation, { onEdit, onClose }) => <One name={name} organisation={organisation} onEdit={onEdit} onClose={onClose} />}
      edit={(of, organisation, onClose) => <Edit key={of?.name ?? ''} of={of} organisation={organisation} onClose={onClose} />}
    />
  )
}
