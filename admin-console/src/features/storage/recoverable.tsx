import { Answered, DataTable, EmptyState, Foreign, Panel, tellDone, useFormat, type Column } from '@chappe/kit'
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import { recoverableQuery, recoverMessages, type RecoverableMessage } from './data'
import { KeptUntil } from './parts'
import { useTexts } from './texts'

const TABLE_PX = 400
const keyOf = (m: RecoverableMessage) => m.id

/** Expunged messages of a mailbox that can be had again. */
export function Recoverable({ address }: { address: string }) {
  const say = useTexts()
  const format = useFormat()
  const change = useChange()
  const mayWrite = useMay('mailbox.write')
  const list = useQuery(recoverableQuery(address))
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [asks, setAsks] = useState(false)
  const [into, setInto] = useState('INBOX')
  const ids = [...selected]
  const columns = useMemo<Column<RecoverableMessage>[]>(
    () => [
      { id: 'subject', title: say('subject'), width: 2, cell: (m) => <Foreign title={m.subject ?? ''}>{m.subject}</Foreign> },
      { id: 'sender', title: say('sender'), width: 1.5, yields: 's', cell: (m) => <Foreign title={m.from ?? ''}>{m.from}</Foreign> },
      { id: 'folder', title: say('folder'), yields: 'm', cell: (m) => <Foreign>{m.folder}</Foreign> },
      { id: 'expunged', title: say('expunged'), cell: (m) => (m.expunged ? format.ago(m.expunged) : '') },
      { id: 'until', title: say('until'), width: 2, yields: 's', cell: (m) => <KeptUntil until={m.until} /> },
      { id: 'size', title: say('size'), width: 0.7, align: 'end', yields: 'm', cell: (m) => format.bytes(m.size) },
    ],
    [say, format],
  )
  const recover = async () => {
    const count = await change(() => recoverMessages(address, ids, into), [['storage', 'recoverable', address], ['folders', address], ['users']])
    setSelected(new Set())
    tellDone(say('recovered', { count }))
  }
  return (
    <Panel
      title={say('recoverable')}
      actions={
        mayWrite && (
          <Button size="xs" disabled={ids.length === 0} onClick={() => setAsks(true)}>
            {say('recover')}
          </Button>
        )
      }
    >
      <Answered of={list}>
        {(rows) => (
          <DataTable label={say('recoverable')} columns={columns} rows={rows} rowKey={keyOf} rowName={(m) => m.subject ?? ''} maxHeight={TABLE_PX} empty={<EmptyState title={say('noRecoverable')} />} {...(mayWrite && { selected, onSelect: setSelected })} />
        )}
      </Answered>
      {asks && (
        <FormDialog title={say('recover')} action={say('recover')} command={commandLine(['mailbox', 'recover', address], { ids, into })} onClose={() => setAsks(false)} onSubmit={recover}>
          <TextInput label={say('into')} required data-autofocus value={into} onChange={(e) => setInto(e.currentTarget.value)} />
        </FormDialog>
      )}
    </Panel>
  )
}
