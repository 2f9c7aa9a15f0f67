import { ErrorPanel, Foreign } from '@chappe/kit'
import { Button, Group, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { useOrganisation } from '../../app/organisation-field'
import { moderatedQuery, moderationQuery, type Moderated } from './data'
import { moderationRoute } from './routes'
import { SetAsideList, SetAsideOne, type Kind } from './set-aside'
import { useTexts } from './texts'

const keyOf = (m: Moderated) => String(m.number)
const kind: Kind<Moderated> = { why: { word: 'cause', of: (m) => m.cause }, since: { word: 'held', of: (m) => m.held }, until: 'decideUntil' }

/** One message that waits, with the decision about it. */
function Decide({ number, onClose }: { number: string; onClose: () => void }) {
  const say = useTexts()
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
    <SetAsideOne
      kind={kind}
      of={one}
      facts={(m) => [say('moderators'), <Foreign key="who">{m.moderators.join(', ')}</Foreign>]}
      after={() => (
        <>
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
        </>
      )}
      onClose={onClose}
    />
  )
}

/** Messages that wait for a moderator's word. */
export function Moderation() {
  const say = useTexts()
  const search = moderationRoute.useSearch()
  const navigate = useNavigate({ from: '/moderation' })
  const of = useOrganisation(search.organisation, 'quarantine.write', true)
  const all = useQuery(moderationQuery(of.organisation))
  return (
    <>
      <SetAsideList
        kind={kind}
        title={say('moderation')}
        lead={say('moderationLead')}
        none={{ title: say('moderationNone'), lead: say('moderationNoneLead') }}
        noun="moderation"
        of={of}
        rows={all.data ?? []}
        rowKey={keyOf}
        pages={all}
        onOrganisation={(organisation) => void navigate({ search: { organisation } })}
        onOpen={(id) => void navigate({ search: { ...search, id } })}
      >
        <Text size="sm" c="dimmed">
          {say('moderationHow')}
        </Text>
      </SetAsideList>
      {search.id && <Decide number={search.id} onClose={() => void navigate({ search: { ...search, id: undefined } })} />}
    </>
  )
}
