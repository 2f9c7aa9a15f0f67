import { Answered, Confirm, DataTable, EmptyState, ErrorPanel, Facts, Foreign, Page, useFormat, useKitTexts, type Column } from '@chappe/kit'
import { Button, Drawer, Group, Select, Stack, Text } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { OrganisationField, useOrganisation } from '../../app/organisation-field'
import list from '../recipients/list.module.css'
import { quarantinedQuery, quarantineQuery, type Quarantined } from './data'
import classes from './filter.module.css'
import { quarantineRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (m: Quarantined) => m.id
const KEYS = [['quarantine'], ['counted', '/quarantine']]

function Release({ of, onClose }: { of: Quarantined; onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [recipient, setRecipient] = useState<string | null>(null)
  return (
    <FormDialog
      title={say('release')}
      action={say('release')}
      command={commandLine(['quarantine', 'release', of.id], { recipient })}
      onClose={onClose}
      onSubmit={() => change(() => api.post(path`/quarantine/${of.id}/release`, recipient ? { recipient } : {}), KEYS, say('released'))}
    >
      <Text size="sm">{say('releaseLead')}</Text>
      {of.recipients.length > 1 && <Select label={say('releaseTo')} placeholder={say('releaseAll')} clearable data={of.recipients} value={recipient} onChange={setRecipient} />}
    </FormDialog>
  )
}

/** One message: who, why, and the beginning of it as plain text. Nothing of it is interpreted. */
function Look({ id, onClose }: { id: string; onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  const format = useFormat()
  const change = useChange()
  const one = useQuery(quarantinedQuery(id))
  const [asks, setAsks] = useState<'release' | 'delete' | null>(null)
  return (
    <>
      <Drawer opened position="right" size="xl" title={<Foreign>{one.data?.subject ?? ''}</Foreign>} closeButtonProps={{ 'aria-label': kit('close') }} onClose={onClose}>
        <Answered of={one}>
          {(m) => (
            <Stack>
              <Facts
                rows={[
                  [say('reason'), <Foreign key="why">{m.reason}</Foreign>],
                  [say('sender'), <Foreign key="from">{m.sender || '<>'}</Foreign>],
                  [say('recipients'), <Foreign key="to">{m.recipients.join(', ')}</Foreign>],
                  [say('peer'), <Foreign key="peer">{m.peer}</Foreign>],
                  [say('size'), format.bytes(m.bytes)],
                  [say('received'), m.received ? format.dateTime(m.received) : ''],
                  [say('keptUntil'), m.expires ? format.dateTime(m.expires) : ''],
                ]}
              />
              <Group>
                <Button onClick={() => setAsks('release')}>{say('release')}</Button>
                <Button color="red" variant="outline" onClick={() => setAsks('delete')}>
                  {say('delete')}
                </Button>
              </Group>
              <Text size="sm" c="dimmed">
                {say('previewLead')}
              </Text>
              <pre className={classes.source} tabIndex={0} aria-label={say('preview')}>
                {m.message}
              </pre>
              <Command line={commandLine(['quarantine', 'show', m.id])} />
            </Stack>
          )}
        </Answered>
      </Drawer>
      {asks === 'release' && one.data && <Release of={one.data} onClose={() => { setAsks(null); onClose() }} />}
      {asks === 'delete' && (
        <Confirm
          title={say('delete')}
          action={say('delete')}
          onDone={() => setAsks(null)}
          onAct={async () => {
            await change(() => api.delete(path`/quarantine/${id}`), KEYS, say('deleted'))
            onClose()
            return 'left'
          }}
        >
          <p>{say('deleteLead')}</p>
          <Command line={commandLine(['quarantine', 'delete', id])} />
        </Confirm>
      )}
    </>
  )
}

/** Messages that were set aside: why, and what becomes of them. */
export function Quarantine() {
  const say = useTexts()
  const format = useFormat()
  const search = quarantineRoute.useSearch()
  const navigate = useNavigate({ from: '/quarantine' })
  const of = useOrganisation(search.organisation, 'quarantine.write', true)
  const pages = useInfiniteQuery(quarantineQuery(of.organisation))
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.messages) ?? [], [pages.data])
  const columns = useMemo<Column<Quarantined>[]>(
    () => [
      { id: 'subject', title: say('subject'), width: 2.2, cell: (m) => <Foreign title={m.subject}>{m.subject || say('noSubject')}</Foreign> },
      { id: 'sender', title: say('sender'), width: 1.8, cell: (m) => <Foreign title={m.sender}>{m.sender || '<>'}</Foreign> },
      { id: 'recipients', title: say('recipients'), width: 1.6, yields: 'm', cell: (m) => <Foreign title={m.recipients.join(', ')}>{m.recipients.join(', ')}</Foreign> },
      { id: 'reason', title: say('reason'), width: 1.6, yields: 's', cell: (m) => <Foreign title={m.reason}>{m.reason}</Foreign> },
      { id: 'received', title: say('received'), width: 0.9, yields: 's', align: 'end', cell: (m) => (m.received ? format.ago(m.received) : '') },
      { id: 'expires', title: say('keptUntil'), width: 0.9, yields: 'm', align: 'end', cell: (m) => (m.expires ? format.date(m.expires) : '') },
    ],
    [say, format],
  )
  return (
    <Page fill title={say('quarantine')} lead={say('quarantineLead')}>
      <div className={list.filters}>
        <OrganisationField of={of} onChange={(organisation) => void navigate({ search: { organisation } })} />
      </div>
      {pages.error && <ErrorPanel error={pages.error} retry={() => void pages.refetch()} />}
      <DataTable
        label={say('quarantine')}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        onOpen={(m) => void navigate({ search: { ...search, id: m.id } })}
        hasMore={pages.hasNextPage}
        isLoading={pages.isFetching}
        onMore={() => void pages.fetchNextPage()}
        empty={<EmptyState title={say('quarantineNone')}>{say('quarantineNoneLead')}</EmptyState>}
      />
      <Command line={commandLine(['quarantine', 'list'], { org: of.organisation })} />
      {search.id && <Look id={search.id} onClose={() => void navigate({ search: { ...search, id: undefined } })} />}
    </Page>
  )
}
