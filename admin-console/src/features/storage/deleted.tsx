import { Confirm, EmptyState, ErrorPanel, Foreign, Page, useFormat, type Column } from '@chappe/kit'
import { Button, Group, PasswordInput, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { ListTable } from '../../app/list-table'
import { useMay } from '../../app/session'
import filters from '../recipients/list.module.css'
import { ScopeFilters } from '../recipients/scope-filters'
import { deletedQuery, type DeletedMailbox } from './data'
import { deletedRoute } from './routes'
import { KeptUntil } from './parts'
import { useTexts } from './texts'

const keyOf = (m: DeletedMailbox) => String(m.mailbox)

function Reconnect({ mailbox, onClose }: { mailbox: DeletedMailbox; onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [to, setTo] = useState(mailbox.address)
  const [name, setName] = useState(mailbox.name)
  const [password, setPassword] = useState('')
  const body = { to, ...(name !== mailbox.name && { name }), ...(password && { password }) }
  return (
    <FormDialog
      title={say('reconnect')}
      action={say('reconnect')}
      command={commandLine(['mailbox', 'reconnect', String(mailbox.mailbox)], { to, name: name === mailbox.name ? undefined : name, 'password-file': password ? '-' : undefined })}
      onClose={onClose}
      onSubmit={() => change(() => api.post(path`/deleted-mailboxes/${mailbox.mailbox}/reconnect`, body), [['storage'], ['users']], say('reconnected', { to }))}
    >
      <Text size="sm">{say('reconnectLead')}</Text>
      <TextInput label={say('newAddress')} type="email" required data-autofocus value={to} onChange={(e) => setTo(e.currentTarget.value)} />
      <TextInput label={say('displayName')} required value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <PasswordInput label={say('password')} description={say('passwordLead')} autoComplete="new-password" minLength={8} value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
    </FormDialog>
  )
}

/** Mailboxes of removed users, while they are kept. */
export function Deleted() {
  const say = useTexts()
  const format = useFormat()
  const change = useChange()
  const search = deletedRoute.useSearch()
  const navigate = useNavigate({ from: '/deleted-mailboxes' })
  const mayWrite = useMay('recipient.write')
  const list = useQuery(deletedQuery(search.organisation))
  const close = () => void navigate({ search: { organisation: search.organisation }, replace: true })
  const chosen = (number: string | undefined) => list.data?.find((m) => keyOf(m) === number)
  const reconnects = chosen(search.reconnect)
  const purges = chosen(search.purge)
  const columns = useMemo<Column<DeletedMailbox>[]>(
    () => [
      {
        id: 'former',
        title: say('former'),
        width: 2,
        cell: (m) => (
          <span title={m.address}>
            <Foreign>{m.name}</Foreign> · <Foreign>{m.address}</Foreign>
          </span>
        ),
      },
      { id: 'until', title: say('until'), width: 2, value: (m) => m.until, cell: (m) => <KeptUntil until={m.until} /> },
      { id: 'size', title: say('size'), align: 'end', yields: 'm', value: (m) => m.bytes, cell: (m) => (m.bytes === null || m.bytes === undefined ? '–' : format.bytes(m.bytes)) },
      { id: 'store', title: say('store'), yields: 'm', value: (m) => m.store, cell: (m) => <Foreign>{m.store}</Foreign> },
      { id: 'by', title: say('by'), yields: 'm', value: (m) => m.by, cell: (m) => <Foreign>{m.by}</Foreign> },
      {
        id: 'acts',
        title: '',
        fixed: true,
        width: 210,
        align: 'end',
        cell: (m) =>
          mayWrite && (
            <Group gap={4} wrap="nowrap" justify="flex-end">
              <Button size="compact-xs" variant="subtle" onClick={() => void navigate({ search: { ...search, reconnect: keyOf(m) } })}>
                {say('reconnect')}
              </Button>
              <Button size="compact-xs" variant="subtle" color="red" onClick={() => void navigate({ search: { ...search, purge: keyOf(m) } })}>
                {say('remove')}
              </Button>
            </Group>
          ),
      },
    ],
    [say, format, mayWrite, navigate, search],
  )
  return (
    <Page fill title={say('deleted')} lead={say('deletedLead')}>
      {list.error && <ErrorPanel error={list.error} retry={() => void list.refetch()} />}
      <div className={filters.filters}>
        <ScopeFilters organisation={search.organisation} noDomain onChange={({ organisation }) => void navigate({ search: { organisation }, replace: true })} />
      </div>
      <ListTable label={say('deleted')} columns={columns} rows={list.data ?? []} rowKey={keyOf} isLoading={list.isPending} empty={<EmptyState title={say('noDeleted')} />} />
      {reconnects && <Reconnect mailbox={reconnects} onClose={close} />}
      {purges && (
        <Confirm title={say('purge')} action={say('purge')} word={purges.address} onDone={close} onAct={() => change(() => api.delete(path`/deleted-mailboxes/${purges.mailbox}`), [['storage']], say('purged'))}>
          <p>
            <Foreign>{purges.name}</Foreign>
          </p>
          <p>{say('purgeLead')}</p>
          <Command line={commandLine(['mailbox', 'purge', String(purges.mailbox)])} />
        </Confirm>
      )}
    </Page>
  )
}
