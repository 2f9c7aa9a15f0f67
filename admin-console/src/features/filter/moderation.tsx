import { Answered, DataTable, EmptyState, ErrorPanel, Facts, Foreign, Page, useFormat, useKitTexts, type Column } from '@chappe/kit'
import { Button, Drawer, Group, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { OrganisationField, useOrganisation } from '../../app/organisation-field'
import list from '../recipients/list.module.css'
import { moderatedQuery, moderationQuery, type Moderated } from './data'
import classes from './filter.module.css'
import { moderationRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (m: Moderated) => String(m.number)

/** One message that waits, with the decision about it. */
function Decide({ number, onClose }: { number: string; onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  const format = useFormat()
  const change = useChange()
  const one = useQuery(moderatedQuery(number))
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const decide = async (verdict: 'approve' | 'reject') => {
    setBusy(verdict)
    setError(null)
    try {
      await change(() => api.post(path`/moderation/${number}/${verdict}`, reason === '' ? {} : { reason }), [['moderation'], ['counted', '/moderation']], say(verdict === 'approve' ? 'approved' : 'rejected'))
      onClose()
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(null)
    }
  }
  return (
    <Drawer opened position="right" size="xl" title={<Foreign>{one.data?.subject ?? ''}</Foreign>} closeButtonProps={{ 'aria-label': kit('close') }} onClose={onClose}>
      <Answered of={one}>
        {(m) => (
          <Stack>
            <Facts
              rows={[
                [say('cause'), <Foreign key="why">{m.cause}</Foreign>],
                [say('sender'), <Foreign key="from">{m.sender || '<>'}</Foreign>],
                [say('recipients'), <Foreign key="to">{m.recipients.join(', ')}</Foreign>],
                [say('moderators'), <Foreign key="who">{m.moderators.join(', ')}</Foreign>],
                [say('size'), format.bytes(m.bytes)],
                [say('held'), m.held ? format.dateTime(m.held) : ''],
                [say('decideUntil'), m.expires ? format.dateTime(m.expires) : ''],
              ]}
            />
            <pre className={classes.source} tabIndex={0} aria-label={say('preview')}>
              {m.message}
            </pre>
            <TextInput label={say('why')} description={say('whyHelp')} value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
            {error !== null && <ErrorPanel error={error} />}
            <Group>
              <Button loading={busy === 'approve'} onClick={() => void decide('approve')}>
                {say('approve')}
              </Button>
              <Button loading={busy === 'reject'} color="red" variant="outline" onClick={() => void decide('reject')}>
                {say('reject')}
              </Button>
            </Group>
            <Command line={[commandLine(['moderation', 'approve', number], { reason: reason || undefined }), commandLine(['moderation', 'reject', number], { reason: reason || undefined })]} />
          </Stack>
        )}
      </Answered>
    </Drawer>
  )
}

/** Messages that wait for a moderator's word. */
export function Moderation() {
  const say = useTexts()
  const format = useFormat()
  const search = moderationRoute.useSearch()
  const navigate = useNavigate({ from: '/moderation' })
  const of = useOrganisation(search.organisation, 'quarantine.write', true)
  const all = useQuery(moderationQuery(of.organisation))
  const columns = useMemo<Column<Moderated>[]>(
    () => [
      { id: 'subject', title: say('subject'), width: 2.2, cell: (m) => <Foreign title={m.subject}>{m.subject || say('noSubject')}</Foreign> },
      { id: 'sender', title: say('sender'), width: 1.8, cell: (m) => <Foreign title={m.sender}>{m.sender || '<>'}</Foreign> },
      { id: 'recipients', title: say('recipients'), width: 1.6, yields: 'm', cell: (m) => <Foreign title={m.recipients.join(', ')}>{m.recipients.join(', ')}</Foreign> },
      { id: 'cause', title: say('cause'), width: 1.6, yields: 's', cell: (m) => <Foreign title={m.cause}>{m.cause}</Foreign> },
      { id: 'held', title: say('held'), width: 0.9, yields: 's', align: 'end', cell: (m) => (m.held ? format.ago(m.held) : '') },
      { id: 'expires', title: say('decideUntil'), width: 0.9, yields: 'm', align: 'end', cell: (m) => (m.expires ? format.date(m.expires) : '') },
    ],
    [say, format],
  )
  return (
    <Page fill title={say('moderation')} lead={say('moderationLead')}>
      <div className={list.filters}>
        <OrganisationField of={of} onChange={(organisation) => void navigate({ search: { organisation } })} />
      </div>
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      <DataTable label={say('moderation')} columns={columns} rows={all.data ?? []} rowKey={keyOf} isLoading={all.isPending} onOpen={(m) => void navigate({ search: { ...search, id: keyOf(m) } })} empty={<EmptyState title={say('moderationNone')}>{say('moderationNoneLead')}</EmptyState>} />
      <Text size="sm" c="dimmed">
        {say('moderationHow')}
      </Text>
      <Command line={commandLine(['moderation', 'list'], { org: of.organisation })} />
      {search.id && <Decide number={search.id} onClose={() => void navigate({ search: { ...search, id: undefined } })} />}
    </Page>
  )
}
