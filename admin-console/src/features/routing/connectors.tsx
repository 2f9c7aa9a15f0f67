import { EmptyState, ErrorPanel, Foreign, Page, Status, wordOf, type Column } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Command } from '../../app/command'
import { ListTable } from '../../app/list-table'
import { useMayEverywhere } from '../../app/session'
import list from '../recipients/list.module.css'
import { connectorsQuery, isSmtp, linksQuery, serversQuery, type Connector } from './data'
import { connectorsRoute } from './routes'
import { stateHealth, stateOf } from './state'
import { useTexts } from './texts'
import { ConnectorWizard } from './wizard'

const keyOf = (c: Connector) => c.name
export const KINDS = ['smtp', 'routing-group'] as const

export function Connectors() {
  const say = useTexts()
  const search = connectorsRoute.useSearch()
  const navigate = useNavigate({ from: '/routing/connectors' })
  const mayWrite = useMayEverywhere('routing.write')
  const all = useQuery(connectorsQuery)
  const servers = useQuery(serversQuery).data ?? []
  const links = useQuery(linksQuery).data ?? []
  const rows = (all.data ?? []).filter((c) => !search.kind || c.kind === search.kind)
  const columns: Column<Connector>[] = [
    { id: 'name', title: say('name'), width: 1.6, value: (c) => c.name, cell: (c) => <Foreign title={c.name}>{c.name}</Foreign> },
    { id: 'kind', title: say('kind'), width: 1.4, yields: 'm', value: (c) => wordOf(say, 'kind', c.kind), cell: (c) => wordOf(say, 'kind', c.kind) },
    { id: 'leads', title: say('leads'), width: 2, yields: 's', value: (c) => isSmtp(c) ? (c.spaces ?? []).join(', ') : `${c.routing_group ?? ''} → ${c.target_group ?? ''}`, cell: (c) => <Foreign>{isSmtp(c) ? (c.spaces ?? []).join(', ') : `${c.routing_group ?? ''} → ${c.target_group ?? ''}`}</Foreign> },
    { id: 'host', title: say('smarthost'), width: 1.4, yields: 'm', value: (c) => (isSmtp(c) ? c.smarthost : ''), cell: (c) => (isSmtp(c) ? <Foreign>{c.smarthost || say('noSmarthost')}</Foreign> : '') },
    { id: 'cost', title: say('costLabel'), width: 0.5, align: 'end', value: (c) => c.cost, cell: (c) => c.cost },
    { id: 'state', title: say('stateLabel'), width: 1.4, value: (c) => say(`state.${stateOf(c, links, servers)}`), cell: (c) => <Status health={stateHealth[stateOf(c, links, servers)]}>{say(`state.${stateOf(c, links, servers)}`)}</Status> },
  ]
  const set = (change: Partial<typeof search>) => void navigate({ search: { ...search, ...change }, replace: true })
  return (
    <Page
      fill
      title={say('connectors')}
      lead={say('connectorsLead')}
      trail={<Link to="/routing">{say('title')}</Link>}
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={17} />} onClick={() => set({ dialog: 'add' })}>
            {say('add')}
          </Button>
        )
      }
    >
      <div className={list.filters}>
        <Select aria-label={say('kind')} placeholder={say('allKinds')} clearable data={KINDS.map((k) => ({ value: k, label: say(`kind.${k}`) }))} value={search.kind ?? null} onChange={(kind) => set({ kind: kind ?? undefined })} />
      </div>
      {all.error && <ErrorPanel error={all.error} retry={() => void all.refetch()} />}
      <ListTable label={say('connectors')} columns={columns} rows={rows} rowKey={keyOf} onOpen={(c) => void navigate({ to: '/routing/connectors/$name', params: { name: c.name } })} isLoading={all.isPending} empty={<EmptyState title={say('none')}>{say('noneLead')}</EmptyState>} />
      <Command line={['chappe connector list', 'chappe routing-group-connector list']} />
      {search.dialog?.startsWith('add') && <ConnectorWizard kind={search.dialog.split(' ')[1] === 'routing-group' ? 'routing-group' : 'smtp'} onClose={() => set({ dialog: undefined })} onDone={(name) => void navigate({ to: '/routing/connectors/$name', params: { name } })} />}
    </Page>
  )
}
