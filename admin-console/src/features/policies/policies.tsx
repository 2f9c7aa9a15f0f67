import { Answered, ErrorPanel, Facts, Foreign, Status, useFormat, type Column } from '@chappe/kit'
import { Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { NamedList } from '../../app/named-list'
import { useMay } from '../../app/session'
import { Remove, Side } from '../../app/side'
import { applyPolicy, policiesQuery, policyQuery, type Policy } from './data'
import { EditPolicy } from './edit-policy'
import classes from './policies.module.css'
import { Retention } from './retention'
import { policiesRoute } from './routes'
import { useTexts } from './texts'

const saysOf = (p: Policy, say: ReturnType<typeof useTexts>) =>
  [p.max_send + p.max_receive + p.max_recipients > 0 && say('limits'), p.quota > 0 && say('quota'), p.retention.length > 0 && say('retention')].filter(Boolean).join(', ')

/** What it says of each matter that it says something of. */
function factsOf(p: Policy, say: ReturnType<typeof useTexts>, format: ReturnType<typeof useFormat>): [string, React.ReactNode][] {
  const sized = (bytes: number) => (bytes ? format.bytes(bytes) : undefined)
  const all: [string, React.ReactNode][] = [
    [say('query'), <code key="q">{p.query}</code>],
    [say('templates'), p.addresses.length > 0 && <code key="t">{p.addresses.join('  ')}</code>],
    [say('maxSend'), sized(p.max_send)],
    [say('maxReceive'), sized(p.max_receive)],
    [say('maxRecipients'), p.max_recipients || undefined],
    [say('quota'), sized(p.quota)],
    [say('retention'), p.retention.length > 0 && <code key="r">{p.retention.join('  ')}</code>],
    [say('position'), p.position],
  ]
  return all.filter(([, value]) => value !== undefined && value !== false)
}

/** One policy: what it gave to whom, and what it would give now. */
function One({ name, organisation, onEdit, onClose }: { name: string; organisation: string; onEdit: () => void; onClose: () => void }) {
  const say = useTexts()
  const format = useFormat()
  const change = useChange()
  const mayWrite = useMay('policy.write')
  const mayApply = useMay('recipient.write')
  const one = useQuery(policyQuery(name, organisation))
  const [removes, setRemoves] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const apply = async () => {
    setBusy(true)
    setError(null)
    try {
      await change(() => applyPolicy(name, organisation, () => undefined), [['recipient-policies'], ['users'], ['user']], say('applied'))
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Side title={name} onClose={onClose}>
        <Answered of={one}>
          {(p) => (
            <Stack>
              <Facts rows={factsOf(p, say, format)} />
              {error !== null && <ErrorPanel error={error} />}
              <Group>
                {mayApply && p.added.length > 0 && (
                  <Button loading={busy} onClick={() => void apply()}>
                    {say('apply')}
                  </Button>
                )}
                {mayWrite && (
                  <>
                    <Button variant="default" onClick={onEdit}>
                      {say('edit')}
                    </Button>
                    <Button color="red" variant="outline" onClick={() => setRemoves(true)}>
                      {say('remove')}
                    </Button>
                  </>
                )}
              </Group>
              {p.addresses.length > 0 && p.added.length === 0 && p.refused.length === 0 && <Status health="good">{say('allHave')}</Status>}
              {p.added.length > 0 && (
                <div>
                  <Text fw={600} size="sm">
                    {say(p.has_more ? 'wouldGiveMore' : 'wouldGive', { count: p.added.length })}
                  </Text>
                  <ul className={classes.members} tabIndex={0} aria-label={say('preview')}>
                    {p.added.map((a) => (
                      <li key={a.address}>
                        <Foreign>{a.address}</Foreign> <small>← <Foreign>{a.user}</Foreign></small>
                      </li>
                    ))}
                  </ul>
                </div>
              )}
              {p.refused.length > 0 && (
                <div>
                  <Text fw={600} size="sm">
                    {say('wouldRefuse', { count: p.refused.length })}
                  </Text>
                  <ul className={classes.members} tabIndex={0} aria-label={say('wouldRefuse', { count: p.refused.length })}>
                    {p.refused.map((r) => (
                      <li key={`${r.user} ${r.address}`}>
                        <Foreign>{r.user}</Foreign>: <Foreign>{r.address}</Foreign> <small><Foreign>{r.why}</Foreign></small>
                      </li>
                    ))}
                  </ul>
                </div>
              )}
              {p.retention.length > 0 && <Retention name={name} organisation={organisation} mayWrite={mayWrite} />}
              <Command line={[commandLine(['recipient-policy', 'show', name], { org: organisation }), commandLine(['recipient-policy', 'apply', name], { org: organisation })]} />
            </Stack>
          )}
        </Answered>
      </Side>
      {removes && (
        <Remove
          action={say('remove')}
          name={name}
          lead={say('removePolicyLead')}
          command={commandLine(['recipient-policy', 'remove', name], { org: organisation })}
          done={say('removed')}
          keys={[['recipient-policies']]}
          act={() => api.delete(path`/recipient-policies/${name}`, { organisation })}
          onCancel={() => setRemoves(false)}
          onRemoved={onClose}
        />
      )}
    </>
  )
}

/** Addresses, limits, and how long mail is kept, by a filter. */
export function Policies() {
  const say = useTexts()
  const search = policiesRoute.useSearch()
  const navigate = useNavigate({ from: '/policies' })
  const columns = useMemo<Column<Policy>[]>(
    () => [
      { id: 'name', title: say('name'), width: 1, value: (p) => p.name, cell: (p) => <Foreign title={p.name}>{p.name}</Foreign> },
      { id: 'addresses', title: say('templates'), width: 1.6, value: (p) => p.addresses.join('  '), cell: (p) => <code className={classes.inline}>{p.addresses.join('  ')}</code> },
      { id: 'says', title: say('says'), width: 1.2, yields: 'm', value: (p) => saysOf(p, say), cell: (p) => saysOf(p, say) },
      { id: 'query', title: say('query'), width: 1.6, yields: 's', value: (p) => p.query, cell: (p) => <code className={classes.inline} title={p.query}>{p.query}</code> },
    ],
    [say],
  )
  return (
    <NamedList
      title={say('policies')}
      lead={say('policiesLead')}
      add={say('addPolicy')}
      none={{ title: say('policiesNone'), lead: say('policiesNoneLead') }}
      noun="recipient-policy"
      reads="policy.read"
      writes="policy.write"
      columns={columns}
      query={policiesQuery}
      search={search}
      onSearch={(to) => void navigate({ search: to, replace: true })}
      one={(name, organisation, { onEdit, onClose }) => <One name={name} organisation={organisation} onEdit={onEdit} onClose={onClose} />}
      edit={(of, organisation, onClose) => <EditPolicy key={of?.name ?? ''} of={of} organisation={organisation} onClose={onClose} />}
    />
  )
}
