import { ErrorPanel, parseBytes, Status } from '@chappe/kit'
import { Button, Checkbox, Fieldset, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import { tryRule, type RuleTrial as Found } from './data'
import classes from './filter.module.css'
import { messageOf } from './rule-form'
import { partOf } from './rule-parts'
import { useTexts } from './texts'

const empty = { from: '', to: '', subject: '', attachment: '', size: '' }

/** Would the rule hold for such a message, and if not, because of what? Nothing is sent or stored. */
export function RuleTrial({ rule, isWhole, organisation }: { rule: Record<string, unknown>; isWhole: boolean; organisation: string }) {
  const say = useTexts()
  const [sample, setSample] = useState(empty)
  const [loggedIn, setLoggedIn] = useState(false)
  const [busy, setBusy] = useState(false)
  const [found, setFound] = useState<Found | null>(null)
  const [error, setError] = useState<unknown>(null)
  const field = (name: keyof typeof empty) => ({ label: say(`sample.${name}`), value: sample[name], spellCheck: false, onChange: (e: { currentTarget: { value: string } }) => setSample({ ...sample, [name]: e.currentTarget.value }) })
  const go = async () => {
    setBusy(true)
    setError(null)
    setFound(null)
    const to = sample.to.split(/[\s,;]+/).filter(Boolean)
    await tryRule({ organisation, rule, from: sample.from, to, logged_in: loggedIn, message: messageOf({ ...sample, size: parseBytes(sample.size) ?? 0 }) }).then(setFound, setError)
    setBusy(false)
  }
  return (
    <Fieldset legend={say('trial')}>
      <Stack gap="sm">
        <div className={classes.pair}>
          <TextInput {...field('from')} />
          <TextInput {...field('to')} />
          <TextInput {...field('subject')} />
          <TextInput {...field('attachment')} placeholder="offer.pdf" />
          <TextInput {...field('size')} placeholder="10K" />
        </div>
        <Checkbox label={say('sample.loggedIn')} checked={loggedIn} onChange={(e) => setLoggedIn(e.currentTarget.checked)} />
        <div>
          <Button variant="default" loading={busy} disabled={!isWhole} onClick={() => void go()}>
            {say('try')}
          </Button>
        </div>
        {error !== null && <ErrorPanel error={error} />}
        <div role="status">
          {found && (
            <Stack gap={4}>
              <Status health={found.matches ? 'good' : 'none'}>
                <strong>{say(found.matches ? 'wouldHold' : 'wouldNotHold')}</strong>
              </Status>
              {found.conditions.map((c) => {
                const part = partOf(c.part)
                return (
                  <Status key={c.part} health={c.holds ? 'good' : 'bad'}>
                    {part ? say(`part.${part.name}`) : c.part}: {say(c.holds ? 'holds' : 'holdsNot')}
                  </Status>
                )
              })}
            </Stack>
          )}
        </div>
      </Stack>
    </Fieldset>
  )
}
