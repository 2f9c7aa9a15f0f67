import { Confirm, EmptyState, ErrorPanel, Foreign, Page, tellDone, useFormat, wordOf, type Column } from '@chappe/kit'
import { Button, Select, Switch, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { ListTable } from '../../app/list-table'
import { useMayEverywhere } from '../../app/session'
import { beginMoves, movesQuery, storesQuery, type Move } from './data'
import { movesRoute } from './routes'
import classes from './storage.module.css'
import { useTexts } from './texts'

const keyOf = (m: Move) => `${m.address} ${m.created ?? ''}`

/** Which mailboxes, and where to. */
function MoveDialog({ onClose }: { onClose: () => void }) {
  const say = useTexts()
  const change = useChange()
  const stores = useQuery(storesQuery).data ?? []
  const [text, setText] = useState('')
  const [from, setFrom] = useState<string | null>(null)
  const [to, setTo] = useState<string | null>(null)
  const choices = stores.map((s, i) => ({ value: String(i), label: `${s.storage_group} › ${s.name}` }))
  const at = (index: string | null) => (index === null ? undefined : stores[Number(index)])
  const source = at(from)
  const target = at(to)
  const addresses = text.split(/[\s,;]+/).filter(Boolean)
  const whose = source ? { from_store: source.name, from_storage_group: source.storage_group } : { addresses }
  const where = { store: target?.name ?? '', storage_group: target?.storage_group ?? '' }
  const begin = async () => {
    const count = await change(() => beginMoves({ ...whose, ...where }), [['storage']])
    tellDone(say('moving', { count }))
  }
  return (
    <FormDialog
      title={say('move')}
      action={say('move')}
      command={commandLine(['mailbox', 'move-all'], { addresses: source ? [] : addresses, 'from-store': source?.name, 'from-storage-group': source?.storage_group, store: target?.name, 'storage-group': target?.storage_group })}
      disabled={!target || (!source && addresses.length === 0)}
      onClose={onClose}
      onSubmit={begin}
    >
      <Textarea label={say('whose')} autosize minRows={3} maxRows={10} data-autofocus value={text} disabled={source !== undefined} onChange={(e) => setText(e.currentTarget.value)} />
      <Select label={say('whole')} clearable data={choices} value={from} onChange={setFrom} />
      <Select label={say('target')} required data={choices} value={to} onChange={setTo} />
    </FormDialog>
  )
}

/** Mailboxes on their way, with how far each is. */
export function Moves() {
  const say = useTexts()
  const format = useFormat()
  const change = useChange()
  const search = movesRoute.useSearch()
  const navigate = useNavigate({ from: '/storage/moves' })
  const mayWrite = useMayEverywhere('storage.write')
  const moves = useQuery(movesQuery(search.all === '1'))
  const [ends, setEnds] = useState<Move | null>(null)
  const columns = useMemo<Column<Move>[]>(
    () => [
      { id: 'address', title: say('address'), width: 2, value: (m) => m.address, cell: (m) => <Foreign title={m.address}>{m.address}</Foreign> },
      { id: 'state', title: say('state'), value: (m) => wordOf(say, 'move', m.state), cell: (m) => <span title={m.trouble ?? ''}>{wordOf(say, 'move', m.state)}</span> },
      {
        id: 'progress',
        title: say('progress'),
        width: 1.4,
        cell: (m) => <progress className={classes.bar} value={m.done ?? 0} max={Math.max(1, m.messages ?? 0)} aria-label={`${format.number(m.done ?? 0)} / ${format.number(m.messages ?? 0)}`} title={`${format.number(m.done ?? 0)} / ${format.number(m.messages ?? 0)}`} />,
      },
      { id: 'from', title: say('from'), width: 1.5, yields: 'm', value: (m) => `${m.from_storage_group ?? ''} › ${m.from_store ?? ''}`, cell: (m) => <Foreign>{`${m.from_storage_group ?? ''} › ${m.from_store ?? ''}`}</Foreign> },
      { id: 'to', title: say('to'), width: 1.5, yields: 's', value: (m) => `${m.storage_group ?? ''} › ${m.store ?? ''}`, cell: (m) => <Foreign>{`${m.storage_group ?? ''} › ${m.store ?? ''}`}</Foreign> },
      {
        id: 'acts',
        title: '',
        fixed: true,
        width: 110,
        align: 'end',
        cell: (m) =>
          mayWrite &&
          (m.state === 'copying' || m.state === 'switching') && (
            <Button size="compact-xs" variant="subtle" color="red" onClick={() => setEnds(m)}>
              {say('giveUp')}
            </Button>
          ),
      },
    ],
    [say, format, mayWrite],
  )
  return (
    <Page
      fill
      title={say('moves')}
      lead={say('movesLead')}
      trail={<Link to="/storage">{say('title')}</Link>}
      actions={mayWrite && <Button onClick={() => void navigate({ search: { ...search, dialog: 'move' } })}>{say('move')}</Button>}
    >
      <Switch label={say('showAll')} checked={search.all === '1'} onChange={(e) => void navigate({ search: { ...search, all: e.currentTarget.checked ? '1' : undefined }, replace: true })} />
      {moves.error && <ErrorPanel error={moves.error} retry={() => void moves.refetch()} />}
      <ListTable label={say('moves')} columns={columns} rows={moves.data ?? []} rowKey={keyOf} isLoading={moves.isPending} empty={<EmptyState title={say('noMoves')} />} />
      {search.dialog === 'move' && <MoveDialog onClose={() => void navigate({ search: { ...search, dialog: undefined }, replace: true })} />}
      {ends && (
        <Confirm
          title={say('giveUp')}
          action={say('giveUp')}
          onDone={() => setEnds(null)}
          onAct={() => change(() => api.delete(path`/mailboxes/${ends.address}/move`), [['storage']], say('gaveUp'))}
        >
          <p>
            <Foreign>{ends.address}</Foreign>
          </p>
          <Command line={commandLine(['mailbox', 'move-cancel', ends.address])} />
        </Confirm>
      )}
    </Page>
  )
}
