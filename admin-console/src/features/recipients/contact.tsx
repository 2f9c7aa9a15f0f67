import { Answered, Confirm, ErrorPanel, Foreign, Page, Panel, Status, parseBytes } from '@chappe/kit'
import { Button, Group as Row, Stack, Switch, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { useMay } from '../../app/session'
import { AdminGroupField } from '../organisations/admin-group-field'
import { contactQuery, type ContactDetails } from './data'
import classes from './mailbox.module.css'
import { contactRoute } from './routes'
import { isOwned, useReason } from './owned'
import { PersonForm } from './person'
import { RuleFields, ruleChanges, rulesOf } from './rule-fields'
import { useTexts } from './texts'
import { useAddTexts } from './texts-add'
import { useOneTexts } from './texts-one'

function Properties({ contact }: { contact: ContactDetails }) {
  const say = useOneTexts()
  const words = useTexts()
  const add = useAddTexts()
  const change = useChange()
  const mayWrite = useMay('recipient.write')
  const reason = useReason()
  const before = rulesOf(contact)
  const [name, setName] = useState(contact.name)
  const [target, setTarget] = useState(contact.target)
  const [enabled, setEnabled] = useState(contact.enabled)
  const [adminGroup, setAdminGroup] = useState(contact.admin_group ?? '')
  const [rules, setRules] = useState(before)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const { body, options } = ruleChanges(before, rules)
  if (name !== contact.name) options['name'] = body['name'] = name
  if (target !== contact.target) options['target'] = body['target'] = target
  if (enabled !== contact.enabled) {
    body['enabled'] = enabled
    options['enabled'] = enabled ? 'yes' : 'no'
  }
  if (adminGroup !== (contact.admin_group ?? '')) options['admin-group'] = body['admin_group'] = adminGroup
  const isChanged = Object.keys(body).length > 0
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    await change(() => api.patch(path`/contacts/${contact.address}`, body), [['contacts']], say('saved')).catch(setError)
    setBusy(false)
  }
  return (
    <form onSubmit={(e) => void submit(e)}>
      <fieldset disabled={!mayWrite} className={classes.plain}>
        <div className={classes.two}>
          <Panel title={say('tab.overview')}>
            <Stack gap="sm">
              <TextInput label={words('name')} description={reason(contact, 'name')} disabled={isOwned(contact, 'name')} required value={name} onChange={(e) => setName(e.currentTarget.value)} />
              <TextInput label={add('target')} disabled={isOwned(contact, 'target')} type="email" required value={target} onChange={(e) => setTarget(e.currentTarget.value.trim())} />
              <Switch label={words('state.active')} disabled={isOwned(contact, 'enabled')} checked={enabled} onChange={(e) => setEnabled(e.currentTarget.checked)} />
              <AdminGroupField organisation={contact.organisation} value={adminGroup} onChange={setAdminGroup} />
            </Stack>
          </Panel>
          <Panel title={say('tab.limits')}>
            <Stack gap="sm">
              <RuleFields value={rules} onChange={setRules} />
              {isChanged && <Command line={commandLine(['contact', 'set', contact.address], options)} />}
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

export function ContactPage() {
  const say = useOneTexts()
  const words = useTexts()
  const change = useChange()
  const { address } = contactRoute.useParams()
  const navigate = useNavigate()
  const mayWrite = useMay('recipient.write')
  const [removes, setRemoves] = useState(false)
  const contact = useQuery(contactQuery(address))
  const c = contact.data
  return (
    <Page
      title={<Foreign>{c?.name ?? address}</Foreign>}
      trail={<Link to="/recipients/contacts">{words('contacts')}</Link>}
      lead={
        <>
          <Foreign>{address}</Foreign> {c && <Status health={c.enabled ? 'good' : 'bad'}>{words(c.enabled ? 'state.active' : 'state.disabled')}</Status>}
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
      <Answered of={contact}>
        {(c) => (
          <Stack gap="lg" key={JSON.stringify(c)}>
            <Properties contact={c} />
            <PersonForm of={c} kind="contact" where={path`/contacts/${c.address}`} />
          </Stack>
        )}
      </Answered>
      {removes && (
        <Confirm
          title={say('remove')}
          action={say('remove')}
          onDone={() => setRemoves(false)}
          onAct={async () => {
            await change(() => api.delete(path`/contacts/${address}`), [['contacts', 'list']], say('removed', { name: c?.name ?? address }))
            await navigate({ to: '/recipients/contacts' })
            return 'left'
          }}
        >
          <p>{say('remove.other')}</p>
          <Command line={commandLine(['contact', 'remove', address])} />
        </Confirm>
      )}
    </Page>
  )
}
