import { Answered, ErrorPanel, Facts, Foreign, Status, type Column } from '@chappe/kit'
import { Button, Group, Stack, TagsInput, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { NamedList } from '../../app/named-list'
import { useMay } from '../../app/session'
import { Remove, Side } from '../../app/side'
import { applyPolicy, policiesQuery, policyQuery, type Policy } from './data'
import { Preview } from './edit-list'
import classes from './policies.module.css'
import { policiesRoute } from './routes'
import { useTexts } from './texts'

function Edit({ of, organisation, onClose }: { of: Policy | undefined; organisation: string; onClose: (name: string | undefined) => void }) {
  const say = useTexts()
  const change = useChange()
  const [name, setName] = useState(of?.name ?? '')
  const [query, setQuery] = useState(of?.query ?? '(kind=user)')
  const [addresses, setAddresses] = useState(of?.addresses ?? [])
  const isOther = addresses.join() !== of?.addresses.join()
  const body = of ? { ...(name !== of.name && { name }), ...(query !== of.query && { query }), ...(isOther && { addresses }) } : { name, query, addresses, organisation }
  const save = async () => {
    await change(() => (of ? api.patch(path`/recipient-policies/${of.name}`, body, { organisation }) : api.post('/recipient-policies', body)), [['recipient-policies']], say('saved'))
    onClose(name)
    return 'left'
  }
  const options = of ? { org: organisation, name: name !== of.name ? name : undefined, query: query !== of.query ? query : undefined, addresses: isOther ? addresses : undefined } : { org: organisation, query, addresses }
  return (
    <FormDialog title={say(of ? 'edit' : 'addPolicy')} action={say(of ? 'save' : 'addPolicy')} disabled={addresses.length === 0 || Object.keys(body).length === 0} command={commandLine(['recipient-policy', of ? 'set' : 'add', of?.name ?? name], options)} onClose={() => onClose(of?.name)} onSubmit={save}>
      <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <TagsInput label={say('templates')} description={say('templatesHelp')} placeholder="%g.%s@example.org" value={addresses} onChange={setAddresses} splitChars={[',', ' ', ';']} acceptValueOnBlur />
      <TextInput label={say('query')} description={say('queryHelp')} required spellCheck={false} value={query} onChange={(e) => setQuery(e.currentTarget.value)} />
      <Preview organisation={organisation} filter={query} />
    </FormDialog>
  )
}

/** One policy: what it gave to whom, and what it would give now. */
function One({ name, organisation, onEdit, onClose }: { name: string; organisation: string; onEdit: () => void; onClose: () => void }) {
  const say = useTexts()
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
              <Facts rows={[[say('templates'), <code key="t">{p.addresses.join('  ')}</code>], [say('query'), <code key="q">{p.query}</code>]]} />
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
              {p.added.length === 0 && p.refused.length === 0 && <Status health="good">{say('allHave')}</Status>}
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

/** Which addresses people get of their names. */
export function Policies() {
  const say = useTexts()
  const search = policiesRoute.useSearch()
  const navigate = useNavigate({ from: '/policies' })
  const columns = useMemo<Column<Policy>[]>(
    () => [
      { id: 'name', title: say('name'), width: 1, cell: (p) => <Foreign title={p.name}>{p.name}</Foreign> },
      { id: 'addresses', title: say('templates'), width: 1.6, cell: (p) => <code className={classes.inline}>{p.addresses.join('  ')}</code> },
      { id: 'query', title: say('query'), width: 1.6, yields: 's', cell: (p) => <code className={classes.inline} title={p.query}>{p.query}</code> },
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
      edit={(of, organisation, onClose) => <Edit key={of?.name ?? ''} of={of} organisation={organisation} onClose={onClose} />}
    />
  )
}
