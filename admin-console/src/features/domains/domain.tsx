import { Answered, Confirm, Facts, Foreign, Page, Panel, Status, editBytes, parseBytes, useFormat, wordOf } from '@chappe/kit'
import { Button, Switch, Tabs, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine, type Option } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import { AdminGroupField } from '../organisations/admin-group-field'
import { QuotaField } from '../recipients/fields'
import { useAddTexts } from '../recipients/texts-add'
import { domainQuery, type Domain } from './data'
import { DnsAssistant } from './dns'
import { domainRoute } from './routes'
import { useTexts } from './texts'

function Edit({ known, onClose }: { known: Domain; onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [enabled, setEnabled] = useState(known.enabled)
  const [sub, setSub] = useState(known.subaddresses)
  const [all, setAll] = useState(known.catch_all ?? '')
  const [quota, setQuota] = useState(editBytes(known.quota))
  const [adminGroup, setAdminGroup] = useState(known.admin_group ?? '')
  const body: Record<string, unknown> = {}
  const options: Record<string, Option> = {}
  if (enabled !== known.enabled) {
    body['enabled'] = enabled
    options['enabled'] = enabled ? 'yes' : 'no'
  }
  if (sub !== known.subaddresses) {
    body['subaddresses'] = sub
    options['subaddresses'] = sub ? 'yes' : 'no'
  }
  if (adminGroup !== (known.admin_group ?? '')) options['admin-group'] = body['admin_group'] = adminGroup
  if (all !== (known.catch_all ?? '')) options['catch-all'] = body['catch_all'] = all
  if (quota !== editBytes(known.quota)) {
    body['quota'] = parseBytes(quota) ?? 0
    options['quota'] = quota.trim() || '0'
  }
  return (
    <FormDialog
      title={`${say('edit')}: ${known.name}`}
      action={say('save')}
      command={commandLine(['domain', 'set', known.name], options)}
      disabled={Object.keys(body).length === 0 || parseBytes(quota) === null}
      onClose={onClose}
      onSubmit={() => change(() => api.patch(path`/domains/${known.name}`, body), [['domain', known.name], ['domains']], say('saved'))}
    >
      <Switch label={say('enabled')} description={say('enabled.help')} checked={enabled} onChange={(e) => setEnabled(e.currentTarget.checked)} />
      <Switch label={say('subaddresses')} checked={sub} onChange={(e) => setSub(e.currentTarget.checked)} />
      <TextInput label={say('catchAll')} description={say('catchAllHelp')} type="email" value={all} onChange={(e) => setAll(e.currentTarget.value.trim())} />
      <QuotaField value={quota} onChange={setQuota} />
      <AdminGroupField organisation={known.organisation} value={adminGroup} onChange={setAdminGroup} />
    </FormDialog>
  )
}

export function DomainPage() {
  const say = useTexts()
  const add = useAddTexts()
  const format = useFormat()
  const change = useChange()
  const { domain: name } = domainRoute.useParams()
  const { tab = 'overview' } = domainRoute.useSearch()
  const navigate = useNavigate({ from: '/domains/$domain' })
  const mayWrite = useMay('domain.write')
  const mayDelegate = useMay('delegation.write')
  const domain = useQuery(domainQuery(name))
  const [edits, setEdits] = useState(false)
  const [removes, setRemoves] = useState(false)
  return (
    <Page
      title={<Foreign>{name}</Foreign>}
      trail={
        <>
          <Link to="/domains">{say('domains')}</Link>
          {domain.data && (
            <>
              <span aria-hidden>›</span>
              <Link to="/organisations/$name" params={{ name: domain.data.organisation }}>
                <Foreign>{domain.data.organisation}</Foreign>
              </Link>
            </>
          )}
        </>
      }
      actions={
        <>
          {mayDelegate && (
            <Button variant="default" renderRoot={(props) => <Link to="/delegation" search={{ dialog: `domain ${name}` }} {...props} />}>
              {say('delegate')}
            </Button>
          )}
          {mayWrite && (
            <>
              <Button variant="outline" color="red" onClick={() => setRemoves(true)}>
                {say('remove')}
              </Button>
              <Button onClick={() => setEdits(true)}>{say('edit')}</Button>
            </>
          )}
        </>
      }
    >
      <Answered of={domain}>
        {(d) => (
          <Tabs value={tab} onChange={(t) => void navigate({ search: { tab: t ?? undefined } })} keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="overview">{say('tab.overview')}</Tabs.Tab>
              <Tabs.Tab value="dns">{say('tab.dns')}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="overview" pt="md">
              <Panel>
                <Facts
                  rows={[
                    [say('kind'), wordOf(say, 'kind', d.kind)],
                    [say('state'), <Status health={d.enabled ? 'good' : 'bad'}>{say(d.enabled ? 'on' : 'off')}</Status>],
                    ...(d.admin_group ? [[add('adminGroup'), <Foreign>{d.admin_group}</Foreign>] as [string, React.ReactNode]] : []),
                    [say('recipients'), <Link to="/recipients" search={{ domain: d.name }}>{format.number(d.recipients)}</Link>],
                    ...(d.target ? [[say('target'), <Foreign>{d.target}</Foreign>] as [string, React.ReactNode]] : []),
                    [say('catchAll'), d.catch_all ? <Foreign>{d.catch_all}</Foreign> : say('nobody')],
                    [say('quota'), d.quota ? format.bytes(d.quota) : say('noLimit')],
                    [say('subaddresses'), say(d.subaddresses ? 'yes' : 'no')],
                  ]}
                />
                <Command line={commandLine(['domain', 'show', d.name])} />
              </Panel>
              {edits && <Edit known={d} onClose={() => setEdits(false)} />}
            </Tabs.Panel>
            <Tabs.Panel value="dns" pt="md">
              <DnsAssistant domain={d} />
              {edits && <Edit known={d} onClose={() => setEdits(false)} />}
            </Tabs.Panel>
          </Tabs>
        )}
      </Answered>
      {removes && (
        <Confirm
          title={`${say('remove')}: ${name}`}
          action={say('remove')}
          word={name}
          onDone={() => setRemoves(false)}
          onAct={async () => {
            await change(() => api.delete(path`/domains/${name}`), [['domains'], ['organisations']], say('removed', { name }))
            await navigate({ to: '/domains' })
            return 'left'
          }}
        >
          <p>{say('removeLead')}</p>
          <Command line={commandLine(['domain', 'remove', name])} />
        </Confirm>
      )}
    </Page>
  )
}
