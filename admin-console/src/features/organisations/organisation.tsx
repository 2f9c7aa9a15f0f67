import { Answered, Confirm, Foreign, Page, Panel, Facts, editBytes, parseBytes, useFormat, wordOf } from '@chappe/kit'
import { IconPencil, IconPlus, IconTrash } from '@chappe/kit/icons'
import { ActionIcon, Button, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine, type Option } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay, useMayEverywhere } from '../../app/session'
import { domainsQuery } from '../domains/data'
import { QuotaField } from '../recipients/fields'
import { adminGroupsQuery, organisationQuery, type AdminGroup, type Organisation } from './data'
import { organisationRoute } from './routes'
import { useTexts } from './texts'
import classes from '../recipients/mailbox.module.css'

function Edit({ known, onClose }: { known: Organisation; onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const navigate = useNavigate()
  const [name, setName] = useState(known.name)
  const [quota, setQuota] = useState(editBytes(known.quota))
  const [accepts, setAccepts] = useState(known.accepts ?? 'anyone')
  const [most, setMost] = useState(editBytes(known.max_message ?? 0))
  const [language, setLanguage] = useState(known.language ?? '')
  const body: Record<string, unknown> = {}
  const options: Record<string, Option> = {}
  if (name !== known.name) options['name'] = body['name'] = name
  if (quota !== editBytes(known.quota)) {
    body['quota'] = parseBytes(quota) ?? 0
    options['quota'] = quota.trim() || '0'
  }
  if (accepts !== (known.accepts ?? 'anyone')) options['accepts'] = body['accepts'] = accepts
  if (most !== editBytes(known.max_message ?? 0)) {
    body['max_message'] = parseBytes(most) ?? 0
    options['max-message'] = most.trim() || '0'
  }
  if (language !== (known.language ?? '')) options['language'] = body['language'] = language
  return (
    <FormDialog
      title={`${say('edit')}: ${known.name}`}
      action={say('save')}
      command={commandLine(['org', 'set', known.name], options)}
      disabled={Object.keys(body).length === 0 || parseBytes(quota) === null || parseBytes(most) === null}
      onClose={onClose}
      onSubmit={async () => {
        await change(() => api.patch(path`/organisations/${known.name}`, body), [['organisations']], say('saved'))
        if (name === known.name) return ''
        await navigate({ to: '/organisations/$name', params: { name } })
        return 'left'
      }}
    >
      <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <QuotaField value={quota} onChange={setQuota} />
      <Select label={say('accepts')} allowDeselect={false} data={['anyone', 'authenticated', 'organisation'].map((a) => ({ value: a, label: wordOf(say, 'accepts', a) }))} value={accepts} onChange={(a) => setAccepts(a ?? 'anyone')} />
      <TextInput label={say('maxMessage')} placeholder={say('asServer')} value={most} onChange={(e) => setMost(e.currentTarget.value)} />
      <Select label={say('language')} allowDeselect={false} data={[{ value: '', label: say('language.') }, { value: 'auto', label: say('language.auto') }, { value: 'en', label: 'English' }, { value: 'fr', label: 'Français' }]} value={language} onChange={(l) => setLanguage(l ?? '')} />
    </FormDialog>
  )
}

function EditGroup({ organisation, known, onClose }: { organisation: string; known: AdminGroup | undefined; onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [name, setName] = useState(known?.name ?? '')
  return (
    <FormDialog
      title={known ? `${say('renameGroup')}: ${known.name}` : say('addAdminGroup')}
      action={say('save')}
      command={known ? commandLine(['admin-group', 'set', known.name], { org: organisation, name }) : commandLine(['admin-group', 'add', name], { org: organisation })}
      onClose={onClose}
      onSubmit={() => change(() => (known ? api.patch(path`/admin-groups/${known.name}`, { name }, { organisation }) : api.post('/admin-groups', { name, organisation })), [['admin-groups']], say('groupAdded', { name }))}
    >
      <TextInput label={say('name')} required data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
    </FormDialog>
  )
}

function AdminGroups({ organisation }: { organisation: string }) {
  const say = useTexts()
  const change = useChange()
  const format = useFormat()
  const mayWrite = useMay('organisation.write')
  const mayDelegate = useMay('delegation.write')
  const groups = useQuery(adminGroupsQuery(organisation))
  const [edits, setEdits] = useState<AdminGroup | 'new' | null>(null)
  const [removes, setRemoves] = useState<string | null>(null)
  return (
    <Panel
      title={say('adminGroups')}
      actions={
        mayWrite && (
          <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setEdits('new')}>
            {say('addAdminGroup')}
          </Button>
        )
      }
    >
      <p className={classes.none}>{say('adminGroupsLead')}</p>
      <Answered of={groups}>
        {(all) => (
          <ul className={classes.list}>
            {all.map((g) => (
              <li key={g.name}>
                <Foreign>{g.name}</Foreign>
                <small>
                  {say('recipients')}: {format.number(g.recipients)} · {say('domains')}: {format.number(g.domains)}
                </small>
                {mayDelegate && (
                  <Link to="/delegation" search={{ dialog: `administrative-group ${organisation}/${g.name}` }}>
                    {say('delegate')}
                  </Link>
                )}
                {mayWrite && (
                  <span>
                    <ActionIcon variant="subtle" color="gray" aria-label={`${say('renameGroup')} ${g.name}`} onClick={() => setEdits(g)}>
                      <IconPencil size={17} />
                    </ActionIcon>
                    <ActionIcon variant="subtle" color="red" aria-label={`${say('remove')} ${g.name}`} onClick={() => setRemoves(g.name)}>
                      <IconTrash size={17} />
                    </ActionIcon>
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </Answered>
      {edits && <EditGroup organisation={organisation} known={edits === 'new' ? undefined : edits} onClose={() => setEdits(null)} />}
      {removes !== null && (
        <Confirm title={`${say('remove')}: ${removes}`} action={say('remove')} onDone={() => setRemoves(null)} onAct={() => change(() => api.delete(path`/admin-groups/${removes}`, { organisation }), [['admin-groups']], say('removed', { name: removes }))}>
          <p>{say('removeGroupLead')}</p>
          <Command line={commandLine(['admin-group', 'remove', removes], { org: organisation })} />
        </Confirm>
      )}
    </Panel>
  )
}

function DomainsOf({ organisation }: { organisation: string }) {
  const say = useTexts()
  const domains = useQuery(domainsQuery(organisation))
  return (
    <Panel title={say('domains')}>
      <Answered of={domains}>
        {(all) => (
          <ul className={classes.list}>
            {all.slice(0, 12).map((d) => (
              <li key={d.name}>
                <Link to="/domains/$domain" params={{ domain: d.name }}>
                  <Foreign>{d.name}</Foreign>
                </Link>
              </li>
            ))}
            <li>
              <Link to="/domains" search={{ organisation }}>
                {say('domains')} ({all.length})
              </Link>
            </li>
          </ul>
        )}
      </Answered>
    </Panel>
  )
}

export function OrganisationPage() {
  const say = useTexts()
  const format = useFormat()
  const change = useChange()
  const { name } = organisationRoute.useParams()
  const search = organisationRoute.useSearch()
  const navigate = useNavigate({ from: '/organisations/$name' })
  const mayWrite = useMay('organisation.write')
  const mayRemove = useMayEverywhere('organisation.write')
  const seesDomains = useMay('domain.read')
  const organisation = useQuery(organisationQuery(name))
  const dialog = (to: string | undefined) => void navigate({ search: { ...search, dialog: to } })
  return (
    <Page
      title={<Foreign>{name}</Foreign>}
      trail={<Link to="/organisations">{say('organisations')}</Link>}
      actions={
        <>
          <Button variant="default" renderRoot={(props) => <Link to="/recipients" search={{ organisation: name }} {...props} />}>
            {say('openRecipients')}
          </Button>
          {mayRemove && (
            <Button variant="outline" color="red" onClick={() => dialog('remove')}>
              {say('remove')}
            </Button>
          )}
          {mayWrite && <Button onClick={() => dialog('edit')}>{say('edit')}</Button>}
        </>
      }
    >
      <Answered of={organisation}>
        {(o) => (
          <>
            <div className={classes.two}>
              <Panel title={say('overview')}>
                <Facts
                  rows={[
                    [say('users'), format.number(o.users)],
                    [say('domains'), format.number(o.domains)],
                    [say('quota'), o.quota ? format.bytes(o.quota) : say('noLimit')],
                    [say('accepts'), wordOf(say, 'accepts', o.accepts ?? 'anyone')],
                    [say('maxMessage'), o.max_message ? format.bytes(o.max_message) : say('asServer')],
                    [say('created'), o.created ? format.dateTime(o.created) : ''],
                  ]}
                />
                <Command line={commandLine(['org', 'show', o.name])} />
              </Panel>
              <AdminGroups organisation={name} />
              {seesDomains && <DomainsOf organisation={name} />}
            </div>
            {search.dialog === 'edit' && <Edit known={o} onClose={() => dialog(undefined)} />}
            {search.dialog === 'remove' && (
              <Confirm
                title={`${say('remove')}: ${name}`}
                action={say('remove')}
                word={name}
                onDone={() => dialog(undefined)}
                onAct={async () => {
                  await change(() => api.delete(path`/organisations/${name}`), [], say('removed', { name }))
                  await navigate({ to: '/organisations' })
                  await change(() => Promise.resolve(), [['organisations']])
                  return 'left'
                }}
              >
                <p>{say('removeLead')}</p>
                <Command line={commandLine(['org', 'remove', name])} />
              </Confirm>
            )}
          </>
        )}
      </Answered>
    </Page>
  )
}
