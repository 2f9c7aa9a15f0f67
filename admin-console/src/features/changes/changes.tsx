import { EmptyState, ErrorPanel, Facts, Foreign, Page, Status, useFormat, useKitTexts, wordOf, type Column, type Health } from '@chappe/kit'
import { Button, Group, Modal, Select, Stack, Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { ListTable } from '../../app/list-table'
import { useSession } from '../../app/session'
import { changesQuery, difference, requestOf, states, type Change } from './data'
import { changesRoute } from './routes'
import { useTexts } from './texts'

const health: Record<string, Health> = { waiting: 'warn', done: 'good', failed: 'bad', unknown: 'bad' }
const keyOf = (c: Change) => String(c.id)

function Difference({ of }: { of: Change }) {
  const say = useTexts()
  const rows = difference(of)
  if (rows.length === 0) return <Text size="sm">{say('noDifference')}</Text>
  return (
    <Table layout="fixed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{say('field')}</Table.Th>
          <Table.Th>{say('before')}</Table.Th>
          <Table.Th>{say('after')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((r) => (
          <Table.Tr key={r.field}>
            <Table.Th scope="row">{r.field}</Table.Th>
            <Table.Td>
              <Foreign>{r.before}</Foreign>
            </Table.Td>
            <Table.Td>
              <Foreign>{r.after}</Foreign>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

/** One change with its difference, and the decision about it. */
function Decide({ of, onClose }: { of: Change; onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  const change = useChange()
  const own = useSession().login === of.requester
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const run = async (act: () => Promise<unknown>, done: string) => {
    setBusy(true)
    setError(null)
    try {
      await change(act, [[]], done)
      onClose()
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  const body = note === '' ? {} : { note }
  const id = String(of.id)
  const commands = own ? commandLine(['api', 'DELETE', `/changes/${id}`]) : [commandLine(['change', 'approve', id], { note: note || undefined }), commandLine(['change', 'reject', id], { note: note || undefined })]
  const facts: [string, React.ReactNode][] = [
    [say('who'), <Foreign key="who">{of.requester}</Foreign>],
    [say('request'), <Foreign key="request">{requestOf(of)}</Foreign>],
    [say('state'), wordOf(say, 'state', of.state)],
  ]
  if (of.decided_by) facts.push([say('decidedBy'), <Foreign key="by">{of.decided_by}</Foreign>])
  if (of.note) facts.push([say('note'), <Foreign key="note">{of.note}</Foreign>])
  if (of.outcome) facts.push([say('outcome'), <Foreign key="outcome">{of.outcome}</Foreign>])
  return (
    <Modal opened onClose={onClose} size="lg" title={<Foreign>{requestOf(of)}</Foreign>} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack gap="md">
        <Facts rows={facts} />
        <Difference of={of} />
        {of.state === 'waiting' && (
          <>
            {!own && <TextInput label={say('note')} description={say('noteLead')} value={note} onChange={(e) => setNote(e.currentTarget.value)} />}
            <Command line={commands} />
            {error !== null && <ErrorPanel error={error} />}
            <Group justify="flex-end">
              {own ? (
                <Button loading={busy} color="red" onClick={() => void run(() => api.delete(path`/changes/${of.id}`), say('withdrawn'))}>
                  {say('withdraw')}
                </Button>
              ) : (
                <>
                  <Button loading={busy} variant="default" onClick={() => void run(() => api.post(path`/changes/${of.id}/reject`, body), say('rejected'))}>
                    {say('reject')}
                  </Button>
                  <Button loading={busy} onClick={() => void run(() => api.post(path`/changes/${of.id}/approve`, body), say('approved'))}>
                    {say('approve')}
                  </Button>
                </>
              )}
            </Group>
          </>
        )}
      </Stack>
    </Modal>
  )
}

/** Changes that wait, or waited, for a second person. */
export function Changes() {
  const say = useTexts()
  const format = useFormat()
  const search = changesRoute.useSearch()
  const navigate = useNavigate({ from: '/changes' })
  const list = useQuery(changesQuery(search.state))
  const open = list.data?.find((c) => keyOf(c) === search.id)
  const columns = useMemo<Column<Change>[]>(
    () => [
      { id: 'what', title: say('what'), width: 2.4, value: (c) => requestOf(c), cell: (c) => <Foreign title={requestOf(c)}>{requestOf(c)}</Foreign> },
      { id: 'who', title: say('who'), width: 1.6, yields: 's', value: (c) => c.requester, cell: (c) => <Foreign title={c.requester}>{c.requester}</Foreign> },
      { id: 'state', title: say('state'), value: (c) => wordOf(say, 'state', c.state), cell: (c) => <Status health={health[c.state] ?? 'none'}>{wordOf(say, 'state', c.state)}</Status> },
      { id: 'created', title: say('created'), yields: 'm', value: (c) => c.created, cell: (c) => (c.created ? format.ago(c.created) : '') },
      { id: 'expires', title: say('expires'), yields: 'm', value: (c) => (c.state === 'waiting' ? c.expires : ''), cell: (c) => (c.state === 'waiting' && c.expires ? format.ago(c.expires) : '') },
    ],
    [say, format],
  )
  return (
    <Page fill title={say('title')} lead={say('lead')}>
      <Select aria-label={say('state')} placeholder={say('allStates')} clearable maw={260} data={states.map((s) => ({ value: s, label: say(`state.${s}`) }))} value={search.state ?? null} onChange={(state) => void navigate({ search: { state: state ?? undefined }, replace: true })} />
      {list.error && <ErrorPanel error={list.error} retry={() => void list.refetch()} />}
      <ListTable label={say('title')} columns={columns} rows={list.data ?? []} rowKey={keyOf} isLoading={list.isPending} onOpen={(c) => void navigate({ search: { ...search, id: keyOf(c) } })} empty={<EmptyState title={say('none')} />} />
      {open && <Decide of={open} onClose={() => void navigate({ search: { state: search.state }, replace: true })} />}
    </Page>
  )
}
