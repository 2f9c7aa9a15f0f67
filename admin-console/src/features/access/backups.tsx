import { EmptyState, ErrorPanel, Foreign, Page, Status, wordOf, type Column } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Select, Switch, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { ListTable } from '../../app/list-table'
import { useMay } from '../../app/session'
import { organisationsQuery } from '../organisations/data'
import { useTexts as useRoutingTexts } from '../routing/texts'
import { backupsQuery, type BackupMx } from './data'
import { backupsRoute } from './routes'
import { useTexts } from './texts'

const keyOf = (b: BackupMx) => b.domain
export const TYPES = ['host', 'domain'] as const

function AddBackup({ onClose, onAdded }: { onClose: () => void; onAdded: (domain: string) => void }) {
  const say = useTexts()
  const change = useChange()
  const organisations = useQuery(organisationsQuery).data ?? []
  const [domain, setDomain] = useState('')
  const [chosen, setChosen] = useState('')
  const [type, setType] = useState<string>('host')
  const [asks, setAsks] = useState(false)
  const organisation = chosen || (organisations[0]?.name ?? '')
  return (
    <FormDialog
      title={say('addBackup')}
      action={say('addBackup')}
      command={commandLine(['backup-mx', 'add', domain], { org: organisation, type: type === 'host' ? undefined : type, 'ask-primary': asks ? 'yes' : undefined })}
      disabled={organisation === ''}
      onClose={onClose}
      onSubmit={async () => {
        await change(() => api.post('/backup-mx', { domain, organisation, type, ask_primary: asks }), [['backup-mx'], ['domains'], ['organisations']], say('addedBackup', { name: domain }))
        onAdded(domain)
        return 'left'
      }}
    >
      <TextInput label={say('domain')} placeholder="example.net" required data-autofocus spellCheck={false} value={domain} onChange={(e) => setDomain(e.currentTarget.value.trim().toLowerCase())} />
      <Select label={say('organisation')} searchable allowDeselect={false} data={organisations.map((o) => o.name)} value={organisation || null} onChange={(o) => setChosen(o ?? '')} />
      <Select label={say('type')} allowDeselect={false} data={TYPES.map((t) => ({ value: t, label: say(`type.${t}`) }))} value={type} onChange={(t) => setType(t ?? 'host')} />
      <Switch label={say('asksPrimary')} description={say('asksHelp')} checked={asks} onChange={(e) => setAsks(e.currentTarget.checked)} />
    </FormDialog>
  )
}

export function useRecipientsOf(): (b: BackupMx) => string {
  const say = useTexts()
  return (b) => (b.knows_recipients ? say('known', { count: b.recipients ?? 0 }) : say('anyRecipient'))
}

export function Backups() {
  const say = useTexts()
  const routing = useRoutingTexts()
  const recipientsOf = useRecipientsOf()
  const { dialog } = backupsRoute.useSearch()
  const navigate = useNavigate({ from: '/routing/backup-mx' })
  const mayWrite = useMay('routing.write')
  const all = useQuery(backupsQuery)
  const columns: Column<BackupMx>[] = [
    { id: 'domain', title: say('domain'), width: 2, value: (b) => b.domain, cell: (b) => <Foreign title={b.domain}>{b.domain}</Foreign> },
    { id: 'organisation', title: say('organisation'), width: 1.5, yields: 'm', value: (b) => b.organisation, cell: (b) => <Foreign>{b.organisation}</Foreign> },
    { id: 'type', title: say('type'), width: 1.4, yields: 's', value: (b) => wordOf(say, 'type', b.type), cell: (b) => wordOf(say, 'type', b.type) },
    { id: 'recipients', title: say('recipients'), width: 1.8, yields: 's', value: recipientsOf, cell: recipientsOf },
    { id: 'state', title: say('state'), width: 1, value: (b) => say(b.enabled ? 'on' : 'off'), cell: (b) => <Status health={b.enabled ? 'good' : 'bad'}>{say(b.enabled ? 'on' : 'off')}</Status> },
  ]
  const ask = (dialog: string | undefined) => void navigate({ search: { dialog }, replace: true })
  const open = (domain: string) => void navigate({ to: '/routing/backup-mx/$domain', params: { domain } })
  return (
    <Page
      fill
      title={say('backups')}
      lead={say('backupsLead')}
      trail={<Link to="/routing">{routing('title')}</Link>}
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={17} />} onClick={() => ask('add')}>
            {say('addBackup')}
          </Button>
        )
      }
    >
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      <ListTable label={say('backups')} columns={columns} rows={all.data ?? []} rowKey={keyOf} onOpen={(b) => open(b.domain)} isLoading={all.isPending} empty={<EmptyState title={say('noneBackup')}>{say('noneBackupLead')}</EmptyState>} />
      <Command line="chappe backup-mx list" />
      {dialog === 'add' && <AddBackup onClose={() => ask(undefined)} onAdded={open} />}
    </Page>
  )
}
