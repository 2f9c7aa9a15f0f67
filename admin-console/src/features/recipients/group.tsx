import { Answered, Confirm, ErrorPanel, Foreign, Page, Panel, Status, parseBytes, wordOf } from '@chappe/kit'
import { IconPlus, IconX } from '@chappe/kit/icons'
import { ActionIcon, Button, Group as Row, Select, Stack, Switch, TagsInput, Tabs, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import { AdminGroupField } from '../organisations/admin-group-field'
import { groupQuery, type GroupDetails } from './data'
import { AuditTab } from './mailbox-history'
import classes from './mailbox.module.css'
import { groupRoute } from './routes'
import { RuleFields, ruleChanges, rulesOf } from './rule-fields'
import { SendersTab } from './senders'
import { useTexts } from './texts'
import { useOneTexts } from './texts-one'

function Members({ group }: { group: GroupDetails }) {
  const say = useOneTexts()
  const words = useTexts()
  const change = useChange()
  const mayWrite = useMay('recipient.write') && !group.source
  const [adds, setAdds] = useState(false)
  const [leaves, setLeaves] = useState<string | null>(null)
  const [address, setAddress] = useState('')
  const members = group.members ?? []
  return (
    <Panel
      title={say('members', { count: members.length })}
      actions={
        mayWrite && (
          <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setAdds(true)}>
            {say('addMember')}
          </Button>
        )
      }
    >
      {group.source && <p className={classes.none}>{say('comesFrom', { source: group.source })}</p>}
      {members.length === 0 && !group.query && <p className={classes.none}>{say('noMembers')}</p>}
      <ul className={classes.list}>
        {members.map((m) => (
          <li key={m}>
            <Link to="/recipients/$address" params={{ address: m }}>
              <Foreign>{m}</Foreign>
            </Link>
            {mayWrite && (
              <ActionIcon variant="subtle" color="red" aria-label={`${say('remove')} ${m}`} onClick={() => setLeaves(m)}>
                <IconX size={17} />
              </ActionIcon>
            )}
          </li>
        ))}
        {(group.selected ?? []).map((m) => (
          <li key={`q${m}`}>
            <Foreign>{m}</Foreign>
            <small>{say('query')}</small>
          </li>
        ))}
      </ul>
      {leaves !== null && (
        <Confirm title={`${say('remove')} ${leaves}`} action={say('takeOut')} onDone={() => setLeaves(null)} onAct={() => change(() => api.delete(path`/groups/${group.address}/members/${leaves}`), [['groups']], say('memberRemoved', { address: leaves }))}>
          <Command line={commandLine(['group-member', 'remove', group.address, leaves])} />
        </Confirm>
      )}
      {adds && (
        <FormDialog
          title={say('addMember')}
          action={say('addMember')}
          command={commandLine(['group-member', 'add', group.address, address])}
          onClose={() => setAdds(false)}
          onSubmit={() => change(() => api.post(path`/groups/${group.address}/members`, { member: address }), [['groups']], say('memberAdded', { address }))}
        >
          <TextInput label={words('address')} type="email" required data-autofocus value={address} onChange={(e) => setAddress(e.currentTarget.value.trim())} />
        </FormDialog>
      )}
    </Panel>
  )
}

function Properties({ group }: { group: GroupDetails }) {
  const say = useOneTexts()
  const words = useTexts()
  const change = useChange()
  const mayWrite = useMay('recipient.write')
  const before = rulesOf(group)
  const reason = group.source ? say('comesFrom', { source: group.source }) : undefined
  const [name, setName] = useState(group.name)
  const [enabled, setEnabled] = useState(group.enabled)
  const [list, setList] = useState(group.list ?? false)
  const [posting, setPosting] = useState(group.posting ?? 'anyone')
  const [query, setQuery] = useState(group.query ?? '')
  const [archive, setArchive] = useState(group.archive ?? '')
  const [owners, setOwners] = useState(group.owners ?? [])
  const [adminGroup, setAdminGroup] = useState(group.admin_group ?? '')
  const [rules, setRules] = useState(before)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const { body, options } = ruleChanges(before, rules)
  if (name !== group.name) options['name'] = body['name'] = name
  if (enabled !== group.enabled) {
    body['enabled'] = enabled
    options['enabled'] = enabled ? 'yes' : 'no'
  }
  if (list !== (group.list ?? false)) {
    body['list'] = list
    options['list'] = list ? 'yes' : 'no'
  }
  if (posting !== (group.posting ?? 'anyone')) options['posting'] = body['posting'] = posting
  if (query !== (group.query ?? '')) options['query'] = body['query'] = query
  if (archive !== (group.archive ?? '')) options['archive'] = body['archive'] = archive
  if (owners.join() !== (group.owners ?? []).join()) {
    body['owners'] = owners
    options['owner'] = owners.join(',')
  }
  if (adminGroup !== (group.admin_group ?? '')) options['admin-group'] = body['admin_group'] = adminGroup
  const isChanged = Object.keys(body).length > 0
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    await change(() => api.patch(path`/groups/${group.address}`, body), [['groups']], say('saved')).catch(setError)
    setBusy(false)
  }
  return (
    <form onSubmit={(e) => void submit(e)}>
      <fieldset disabled={!mayWrite} className={classes.plain}>
        <div className={classes.two}>
          <Panel title={say('tab.overview')}>
            <Stack gap="sm">
              <TextInput label={words('name')} description={reason} disabled={reason !== undefined} required value={name} onChange={(e) => setName(e.currentTarget.value)} />
              <Switch label={words('state.active')} disabled={reason !== undefined} checked={enabled} onChange={(e) => setEnabled(e.currentTarget.checked)} />
              <Switch label={say('list')} description={say('listHelp')} checked={list} onChange={(e) => setList(e.currentTarget.checked)} />
              <Select label={say('posting')} allowDeselect={false} data={['anyone', 'inside', 'members', 'named', 'moderated'].map((p) => ({ value: p, label: wordOf(say, 'posting', p) }))} value={posting} onChange={(p) => setPosting(p ?? 'anyone')} />
              <TagsInput label={say('owners')} description={say('sendersHelp')} value={owners} onChange={setOwners} splitChars={[',', ' ', ';']} acceptValueOnBlur />
              <TextInput label={say('query')} description={say('queryHelp')} value={query} onChange={(e) => setQuery(e.currentTarget.value)} />
              <AdminGroupField organisation={group.organisation} value={adminGroup} onChange={setAdminGroup} />
              {list && <TextInput type="url" label={say('archive')} description={say('archiveHelp')} value={archive} onChange={(e) => setArchive(e.currentTarget.value)} />}
            </Stack>
          </Panel>
          <Panel title={say('tab.limits')}>
            <Stack gap="sm">
              <RuleFields value={rules} onChange={setRules} accepts={['anyone', 'authenticated', 'organisation', 'members', 'named']} />
              {isChanged && <Command line={commandLine(['group', 'set', group.address], options)} />}
              {error !== null && <ErrorPanel error={error} />}
              {mayWrite && (
                <Row justify="flex-end">
                  <Button type="submit" loading={busy} disabled={!isChanged || parseBytes(rules.maxMessage) === null}>
                    {say('save')}
                  </Button>
                </Row>
              )}
            </Stack>
          </Panel>
        </div>
      </fieldset>
    </form>
  )
}

export function GroupPage() {
  const say = useOneTexts()
  const words = useTexts()
  const change = useChange()
  const { address } = groupRoute.useParams()
  const { tab = 'members' } = groupRoute.useSearch()
  const navigate = useNavigate({ from: '/recipients/groups/$address' })
  const mayWrite = useMay('recipient.write')
  const [removes, setRemoves] = useState(false)
  const group = useQuery(groupQuery(address))
  const g = group.data
  return (
    <Page
      title={<Foreign>{g?.name ?? address}</Foreign>}
      trail={<Link to="/recipients/groups">{words('groups')}</Link>}
      lead={
        <>
          <Foreign>{address}</Foreign> {g && <Status health={g.enabled ? 'good' : 'bad'}>{words(g.enabled ? 'state.active' : 'state.disabled')}</Status>}
        </>
      }
      actions={
        mayWrite && (
          <Button variant="outline" color="red" onClick={() => setRemoves(true)}>
            {say('remove')}
          </Button>
        )
      }
    >
      <Answered of={group}>
        {(g) => (
          <Tabs value={tab} onChange={(t) => void navigate({ search: { tab: t ?? undefined } })} keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="members">{say('tab.members')}</Tabs.Tab>
              <Tabs.Tab value="limits">{say('tab.limits')}</Tabs.Tab>
              <Tabs.Tab value="senders">{say('tab.senders')}</Tabs.Tab>
              <Tabs.Tab value="audit">{say('tab.audit')}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="members" pt="md">
              <Members group={g} />
            </Tabs.Panel>
            <Tabs.Panel value="limits" pt="md">
              <Properties key={JSON.stringify(g)} group={g} />
            </Tabs.Panel>
            <Tabs.Panel value="senders" pt="md">
              <SendersTab address={g.address} />
            </Tabs.Panel>
            <Tabs.Panel value="audit" pt="md">
              <AuditTab object={g.address} organisation={undefined} />
            </Tabs.Panel>
          </Tabs>
        )}
      </Answered>
      {removes && (
        <Confirm
          title={say('remove')}
          action={say('remove')}
          word={address}
          onDone={() => setRemoves(false)}
          onAct={async () => {
            await change(() => api.delete(path`/groups/${address}`), [['groups', 'list']], say('removed', { name: g?.name ?? address }))
            await navigate({ to: '/recipients/groups' })
            return 'left'
          }}
        >
          <p>{say('remove.other')}</p>
          <Command line={commandLine(['group', 'remove', address])} />
        </Confirm>
      )}
    </Page>
  )
}
