import { Answered, Confirm, DataTable, EmptyState, ErrorPanel, Foreign, Page, useKitTexts, type Column } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Drawer, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { OrganisationField, useOrganisation } from '../../app/organisation-field'
import { useMay } from '../../app/session'
import list from '../recipients/list.module.css'
import { addressListQuery, addressListsQuery, type AddressList } from './data'
import { Edit } from './edit-list'
import classes from './policies.module.css'
import { addressListsRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (l: AddressList) => l.name
const SHOWN = 200

/** Whom one list shows now. */
function One({ name, organisation, onEdit, onClose }: { name: string; organisation: string; onEdit: () => void; onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  const change = useChange()
  const mayWrite = useMay('policy.write')
  const one = useQuery(addressListQuery(name, organisation))
  const [removes, setRemoves] = useState(false)
  return (
    <>
      <Drawer opened position="right" size="md" title={<Foreign>{name}</Foreign>} closeButtonProps={{ 'aria-label': kit('close') }} onClose={onClose}>
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
      </Drawer>
      {removes && (
        <Confirm
          title={`${say('remove')}: ${name}`}
          action={say('remove')}
          onDone={() => setRemoves(false)}
          onAct={async () => {
            await change(() => api.delete(path`/address-lists/${name}`, { organisation }), [['address-lists']], say('removed'))
            onClose()
            return 'left'
          }}
        >
          <p>{say('removeListLead')}</p>
          <Command line={commandLine(['address-list', 'remove', name], { org: organisation })} />
        </Confirm>
      )}
    </>
  )
}

/** The address books that people of an organisation see. */
export function AddressLists() {
  const say = useTexts()
  const search = addressListsRoute.useSearch()
  const navigate = useNavigate({ from: '/address-lists' })
  const mayWrite = useMay('policy.write')
  const of = useOrganisation(search.organisation, 'policy.read')
  const all = useQuery(addressListsQuery(of.organisation))
  const set = (change: Partial<typeof search>) => void navigate({ search: { ...search, ...change }, replace: true })
  const columns = useMemo<Column<AddressList>[]>(
    () => [
      { id: 'name', title: say('name'), width: 1, cell: (l) => <Foreign title={l.name}>{l.name}</Foreign> },
      { id: 'query', title: say('query'), width: 2, cell: (l) => <code className={classes.inline} title={l.query}>{l.query}</code> },
    ],
    [say],
  )
  return (
    <Page
      fill
      title={say('lists')}
      lead={say('listsLead')}
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={17} />} onClick={() => set({ dialog: 'add', name: undefined })}>
            {say('addList')}
          </Button>
        )
      }
    >
      <div className={list.filters}>
        <OrganisationField of={of} onChange={(organisation) => set({ organisation, name: undefined })} />
      </div>
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      <DataTable label={say('lists')} columns={columns} rows={all.data ?? []} rowKey={keyOf} isLoading={all.isLoading} onOpen={(l) => set({ name: l.name })} empty={<EmptyState title={say('listsNone')}>{say('listsNoneLead')}</EmptyState>} />
      <Command line={commandLine(['address-list', 'list'], { org: of.organisation ?? '' })} />
      {of.organisation && search.name && !search.dialog && <One name={search.name} organisation={of.organisation} onEdit={() => set({ dialog: 'edit' })} onClose={() => set({ name: undefined })} />}
      {of.organisation && search.dialog && <Edit of={all.data?.find((l) => search.dialog === 'edit' && l.name === search.name)} key={search.name ?? ''} organisation={of.organisation} onClose={(name) => set({ dialog: undefined, name })} />}
    </Page>
  )
}
