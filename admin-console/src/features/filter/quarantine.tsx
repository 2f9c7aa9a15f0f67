import { Foreign } from '@chappe/kit'
import { Button, Group, Select, Text } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useOrganisation } from '../../app/organisation-field'
import { Remove } from '../../app/side'
import { quarantinedQuery, quarantineQuery, type Quarantined } from './data'
import { quarantineRoute } from './routes'
import { SetAsideList, SetAsideOne, type Kind } from './set-aside'
import { useTexts } from './texts'

const keyOf = (m: Quarantined) => m.id
const KEYS = [['quarantine'], ['counted', '/quarantine']]
const kind: Kind<Quarantined> = { why: { word: 'reason', of: (m) => m.reason }, since: { word: 'received', of: (m) => m.received }, until: 'keptUntil' }

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

/** One message, and what becomes of it. */
function Look({ id, onClose }: { id: string; onClose: () => void }) {
  const say = useTexts()
  const one = useQuery(quarantinedQuery(id))
  const [asks, setAsks] = useState<'release' | 'delete' | null>(null)
  return (
    <>
      <SetAsideOne
        kind={kind}
        of={one}
        facts={(m) => [say('peer'), <Foreign key="peer">{m.peer}</Foreign>]}
        before={() => (
          <>
            <Group>
              <Button onClick={() => setAsks('release')}>{say('release')}</Button>
              <Button color="red" variant="outline" onClick={() => setAsks('delete')}>
                {say('delete')}
              </Button>
            </Group>
            <Text size="sm" c="dimmed">
              {say('previewLead')}
            </Text>
          </>
        )}
        after={() => <Command line={commandLine(['quarantine', 'show', id])} />}
        onClose={onClose}
      />
      {asks === 'release' && one.data && <Release of={one.data} onClose={() => { setAsks(null); onClose() }} />}
      {asks === 'delete' && (
        <Remove action={say('delete')} lead={say('deleteLead')} command={commandLine(['quarantine', 'delete', id])} done={say('deleted')} keys={KEYS} act={() => api.delete(path`/quarantine/${id}`)} onCancel={() => setAsks(null)} onRemoved={onClose} />
      )}
    </>
  )
}

/** Messages that were set aside: why, and what becomes of them. */
export function Quarantine() {
  const say = useTexts()
  const search = quarantineRoute.useSearch()
  const navigate = useNavigate({ from: '/quarantine' })
  const of = useOrganisation(search.organisation, 'quarantine.write', true)
  const pages = useInfiniteQuery(quarantineQuery(of.organisation))
  const rows = useMemo(() => pages.data?.pages.flatMap((p) => p.messages) ?? [], [pages.data])
  return (
    <>
      <SetAsideList
        kind={kind}
        title={say('quarantine')}
        lead={say('quarantineLead')}
        none={{ title: say('quarantineNone'), lead: say('quarantineNoneLead') }}
        noun="quarantine"
        of={of}
        rows={rows}
        rowKey={keyOf}
        pages={{ error: pages.error, isPending: pages.isFetching, refetch: pages.refetch, hasMore: pages.hasNextPage, onMore: () => void pages.fetchNextPage() }}
        onOrganisation={(organisation) => void navigate({ search: { organisation } })}
        onOpen={(id) => void navigate({ search: { ...search, id } })}
      />
      {search.id && <Look id={search.id} onClose={() => void navigate({ search: { ...search, id: undefined } })} />}
    </>
  )
}
