import { Answered, Confirm, Facts, Foreign, Page, Panel, Status, wordOf } from '@chappe/kit'
import { Button, Select, Switch, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine, type Option } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import { TYPES, useRecipientsOf } from './backups'
import { backupQuery, type BackupMx } from './data'
import { backupRoute } from './routes'
import { useTexts } from './texts'

function Edit({ known, onClose }: { known: BackupMx; onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [type, setType] = useState(known.type)
  const [asks, setAsks] = useState(known.asks_primary)
  const [drops, setDrops] = useState(false)
  const body: Record<string, unknown> = {}
  const options: Record<string, Option> = {}
  if (type !== known.type) options['type'] = body['type'] = type
  if (asks !== known.asks_primary) {
    body['ask_primary'] = asks
    options['ask-primary'] = asks ? 'yes' : 'no'
  }
  if (drops) options['any-recipient'] = body['any_recipient'] = true
  return (
    <FormDialog
      title={`${say('edit')}: ${known.domain}`}
      action={say('save')}
      command={commandLine(['backup-mx', 'set', known.domain], options)}
      disabled={Object.keys(body).length === 0}
      onClose={onClose}
      onSubmit={() => change(() => api.patch(path`/backup-mx/${known.domain}`, body), [['backup-mx']], say('saved'))}
    >
      <Select label={say('type')} allowDeselect={false} data={TYPES.map((t) => ({ value: t, label: say(`type.${t}`) }))} value={type} onChange={(t) => setType(t ?? 'host')} />
      <Switch label={say('asksPrimary')} description={say('asksHelp')} checked={asks} onChange={(e) => setAsks(e.currentTarget.checked)} />
      {known.knows_recipients && <Switch label={say('dropList')} checked={drops} onChange={(e) => setDrops(e.currentTarget.checked)} />}
    </FormDialog>
  )
}

function Recipients({ domain, onClose }: { domain: string; onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [text, setText] = useState('')
  const recipients = text.split(/\s+/).filter((r) => r !== '')
  return (
    <FormDialog
      title={`${say('list')}: ${domain}`}
      action={say('save')}
      command={commandLine(['backup-mx', 'recipients', domain, 'FILE'])}
      disabled={recipients.length === 0}
      onClose={onClose}
      onSubmit={() => change(() => api.put(path`/backup-mx/${domain}/recipients`, { recipients }), [['backup-mx']], say('saved'))}
    >
      <Textarea label={say('list')} description={say('listHelp')} rows={8} required data-autofocus spellCheck={false} value={text} onChange={(e) => setText(e.currentTarget.value)} />
    </FormDialog>
  )
}

export function BackupPage() {
  const say = useTexts()
  const change = useChange()
  const recipientsOf = useRecipientsOf()
  const { domain } = backupRoute.useParams()
  const { dialog } = backupRoute.useSearch()
  const navigate = useNavigate({ from: '/routing/backup-mx/$domain' })
  const mayWrite = useMay('routing.write')
  const backup = useQuery(backupQuery(domain))
  const ask = (dialog: string | undefined) => void navigate({ search: { dialog } })
  return (
    <Page
      title={<Foreign>{domain}</Foreign>}
      trail={<Link to="/routing/backup-mx">{say('backups')}</Link>}
      actions={
        <>
          <Button variant="default" renderRoot={(props) => <Link to="/queue" search={{ domain }} {...props} />}>
            {say('waiting')}
          </Button>
          {mayWrite && (
            <>
              <Button variant="outline" color="red" onClick={() => ask('remove')}>
                {say('removeBackup')}
              </Button>
              <Button variant="default" onClick={() => ask('recipients')}>
                {say('list')}
              </Button>
              <Button onClick={() => ask('edit')}>{say('edit')}</Button>
            </>
          )}
        </>
      }
    >
      <Answered of={backup}>
        {(b) => (
          <Panel>
            <Facts
              rows={[
                [say('state'), <Status health={b.enabled ? 'good' : 'bad'}>{say(b.enabled ? 'on' : 'off')}</Status>],
                [say('organisation'), <Foreign>{b.organisation}</Foreign>],
                [say('type'), wordOf(say, 'type', b.type)],
                [say('recipients'), recipientsOf(b)],
                [say('asksPrimary'), say(b.asks_primary ? 'yes' : 'no')],
              ]}
            />
            <Command line={commandLine(['backup-mx', 'show', b.domain])} />
            {dialog === 'edit' && <Edit known={b} onClose={() => ask(undefined)} />}
            {dialog === 'recipients' && <Recipients domain={domain} onClose={() => ask(undefined)} />}
          </Panel>
        )}
      </Answered>
      {dialog === 'remove' && (
        <Confirm
          title={`${say('removeBackup')}: ${domain}`}
          action={say('removeBackup')}
          onDone={() => ask(undefined)}
          onAct={async () => {
            await change(() => api.delete(path`/backup-mx/${domain}`), [['backup-mx'], ['domains'], ['organisations']], say('removedBackup', { name: domain }))
            await navigate({ to: '/routing/backup-mx', search: {} })
            return 'left'
          }}
        >
          <p>{say('removeBackupLead')}</p>
          <Command line={commandLine(['backup-mx', 'remove', domain])} />
        </Confirm>
      )}
    </Page>
  )
}
