import { tellDone } from '@chappe/kit'
import { Alert, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { act, type Act, type QueueFilter, type Target } from './data'
import { useTexts } from './texts'

/** The filter as options of the command line. */
export function filterOptions({ organisation, ...rest }: QueueFilter): Record<string, string | undefined> {
  return { ...rest, org: organisation }
}

/** One act on messages that were chosen, on one entry, or on all that the filter means. */
export function ActDialog({ kind, on, count, onClose, onDone }: { kind: Act; on: Target; count?: string; onClose: () => void; onDone?: () => void }) {
  const say = useTexts()
  const change = useChange()
  const [to, setTo] = useState(kind === 'reroute' ? 'direct' : '')
  const asks = kind === 'reroute' || kind === 'readdress'
  const target = asks ? { to } : {}
  const command = 'ids' in on ? on.ids.slice(0, 5).map((id) => commandLine(['queue', kind, id], target)) : commandLine(['queue', kind], { ...filterOptions(on.filter), ...target })
  return (
    <FormDialog
      title={say(`act.${kind}`)}
      action={say(`act.${kind}`)}
      command={Array.isArray(command) && 'ids' in on && on.ids.length > 5 ? [...command, '…'] : command}
      danger={kind === 'delete' || kind === 'return'}
      disabled={asks && to.trim() === ''}
      onClose={onClose}
      onSubmit={async () => {
        const { done, inWork } = await change(() => act(kind, on, asks ? to.trim() : undefined), [['queue'], ['trace']])
        tellDone(say('acted', { count: done }) + (inWork > 0 ? ` ${say('leftAlone', { count: inWork })}` : ''))
        if (!onDone) return undefined
        onDone()
        return 'left'
      }}
    >
      <Text size="sm">{say(`lead.${kind}`)}</Text>
      <Alert color={kind === 'delete' || kind === 'return' ? 'red' : 'blue'} variant="light">
        {'ids' in on ? (count ?? say('onChosen', { count: on.ids.length })) : say('onFilter')}
      </Alert>
      {kind === 'reroute' && <TextInput label={say('to.reroute')} description={say('to.rerouteHelp')} required data-autofocus spellCheck={false} value={to} onChange={(e) => setTo(e.currentTarget.value)} />}
      {kind === 'readdress' && <TextInput label={say('to.readdress')} type="email" required data-autofocus spellCheck={false} value={to} onChange={(e) => setTo(e.currentTarget.value)} />}
    </FormDialog>
  )
}
