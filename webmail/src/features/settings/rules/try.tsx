import { ErrorPanel, Foreign, useFormat } from '@chappe/kit'
import { Button, Text } from '@mantine/core'
import { useState } from 'react'
import { useMail } from '../../../jmap/mail'
import classes from './editor.module.css'
import { LOOKED_AT, tryRule, type Tried } from './judge'
import type { Rule } from './model'
import { useRuleTexts } from './texts'

const SHOWN = 8

/** What the rule would have met among the messages that are here. Nothing is done to them. */
export function TryRule({ rule }: { rule: Rule }) {
  const say = useRuleTexts()
  const format = useFormat()
  const { own } = useMail()
  const [found, setFound] = useState<Tried[] | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    setError(null)
    try {
      setFound(await tryRule(own, rule))
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={classes.try}>
      <Button variant="default" size="compact-sm" loading={busy} onClick={() => void run()}>
        {say('try')}
      </Button>
      {error !== null && <ErrorPanel error={error} />}
      <div role="status">
        {found && (
          <>
            <Text size="sm" mt={8}>
              {found.length === 0 ? say('tryNone', { looked: LOOKED_AT }) : say('tryLead', { count: found.length, looked: LOOKED_AT })}
            </Text>
            <ul>
              {found.slice(0, SHOWN).map((m) => (
                <li key={m.id}>
                  <Foreign>{m.from?.[0]?.name || m.from?.[0]?.email}</Foreign>
                  {' · '}
                  <Foreign>{m.subject}</Foreign>
                  {' · '}
                  {format.date(m.receivedAt)}
                </li>
              ))}
              {found.length > SHOWN && <li>…</li>}
            </ul>
          </>
        )}
      </div>
    </div>
  )
}
