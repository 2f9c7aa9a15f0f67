import { Answered, ErrorPanel, Foreign, Panel } from '@chappe/kit'
import { Button, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import * as z from 'zod/mini'
import { useMail } from '../../../jmap/mail'
import formClasses from '../form.module.css'
import { Removable } from '../removable'
import { isSender } from '../rules/model'
import { make, ownQuery, remove } from '../security/data'
import securityClasses from '../security/security.module.css'
import { SenderKeys } from './keys'
import { useSenderTexts } from './texts'

const rule = z.object({ id: z.string(), sender: z.string(), action: z.string() })
type SenderRule = z.infer<typeof rule>

function List({ action, all }: { action: 'block' | 'allow'; all: SenderRule[] }) {
  const say = useSenderTexts()
  const { jmap } = useMail()
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const [fault, setFault] = useState<string>()
  const [error, setError] = useState<unknown>(null)
  const act = async (what: () => Promise<unknown>) => {
    setError(null)
    try {
      await what()
      return true
    } catch (cause) {
      setError(cause)
      return false
    } finally {
      await queries.invalidateQueries({ queryKey: ownQuery(jmap, 'SenderRule', rule).queryKey })
    }
  }
  const add = async (event: FormEvent) => {
    event.preventDefault()
    const sender = text.trim().toLowerCase()
    const wrong = !isSender(sender) ? say('wrong') : all.some((r) => r.sender.toLowerCase() === sender) ? say('there') : undefined
    setFault(wrong)
    if (!wrong && (await act(() => make(jmap, 'SenderRule', { sender, action }, z.looseObject({}))))) setText('')
  }
  const shown = all.filter((r) => r.action === action)
  return (
    <Panel title={say(action)}>
      <Text size="sm" c="dimmed">
        {say(`${action}Lead`)}
      </Text>
      <form onSubmit={(e) => void add(e)} className={formClasses.line}>
        <TextInput className={formClasses.grow} aria-label={say('sender')} placeholder={say('hint')} value={text} error={fault} onChange={(e) => setText(e.currentTarget.value)} mt={10} />
        <Button type="submit" variant="default" mt={10} disabled={text.trim() === ''}>
          {say('add')}
        </Button>
      </form>
      {error !== null && <ErrorPanel error={error} />}
      {shown.length === 0 ? (
        <Text size="sm" mt={12}>
          {say('none')}
        </Text>
      ) : (
        <ul className={securityClasses.rows}>
          {shown.map((r) => (
            <Removable key={r.id} label={say('removeOne', { name: r.sender })} onRemove={() => void act(() => remove(jmap, 'SenderRule', [r.id]))}>
              <Foreign>{r.sender}</Foreign>
            </Removable>
          ))}
        </ul>
      )}
    </Panel>
  )
}

export default function SendersPage() {
  const { jmap, accounts } = useMail()
  const found = useQuery(ownQuery(jmap, 'SenderRule', rule))
  return (
    <Answered of={found}>
      {(all) => (
        <>
          <List action="block" all={all} />
          <List action="allow" all={all} />
          {accounts.map((store) => (
            <SenderKeys key={store.accountId} store={store} />
          ))}
        </>
      )}
    </Answered>
  )
}
