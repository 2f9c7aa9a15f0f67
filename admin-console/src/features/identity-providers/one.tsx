import { ErrorPanel, Facts, Foreign, Status, wordOf } from '@chappe/kit'
import { Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { Command, commandLine } from '../../app/command'
import { useMay } from '../../app/session'
import { Remove, Side } from '../../app/side'
import steps from '../trial/trial.module.css'
import { providerQuery, tryProvider, type Provider, type Trial } from './data'
import { useTexts } from './texts'

/** What it serves, in words. */
export function useUses() {
  const say = useTexts()
  return (p: Provider) => [p.web && say('web'), p.mail && say('mail')].filter(Boolean).join(', ') || say('nothing')
}

function Steps({ of }: { of: Trial }) {
  const say = useTexts()
  return (
    <>
      <Status health={of.passed ? 'good' : 'bad'}>
        <strong>{say(of.passed ? 'passed' : 'failed')}</strong>
      </Status>
      <ul className={steps.steps}>
        {of.steps.map((s) => (
          <li key={s.step}>
            <Status health={s.passed ? 'good' : 'bad'}>{wordOf(say, 'step', s.step)}</Status>
            <small>
              <Foreign>{s.detail}</Foreign>
            </small>
          </li>
        ))}
      </ul>
    </>
  )
}

/** Asks the provider what it is, step by step. */
function Test({ name, organisation }: { name: string; organisation: string }) {
  const say = useTexts()
  const [busy, setBusy] = useState(false)
  const [found, setFound] = useState<Trial | null>(null)
  const [error, setError] = useState<unknown>(null)
  const go = async () => {
    setBusy(true)
    setError(null)
    await tryProvider(name, organisation).then(setFound, setError)
    setBusy(false)
  }
  return (
    <Stack gap="xs">
      <div>
        <Button variant="default" loading={busy} onClick={() => void go()}>
          {say(found ? 'testAgain' : 'test')}
        </Button>
      </div>
      {error !== null && <ErrorPanel error={error} />}
      <div role="status">
        {busy && <Text size="sm">{say('testing')}</Text>}
        {!busy && found && <Steps of={found} />}
      </div>
    </Stack>
  )
}

/** One provider: what it is for, whether it works, and what can be done with it. */
export function One({ of, organisation, onEdit, onClose }: { of: Provider; organisation: string; onEdit: () => void; onClose: () => void }) {
  const say = useTexts()
  const uses = useUses()
  const mayWrite = useMay('delegation.write')
  const { name } = of
  const p = useQuery(providerQuery(name, organisation)).data ?? of
  const [removes, setRemoves] = useState(false)
  return (
    <>
      <Side title={name} onClose={onClose}>
        <Stack>
          <Facts
            rows={[
              [say('state'), <Status key="s" health={p.enabled ? 'good' : 'none'}>{say(p.enabled ? 'on' : 'off')}</Status>],
              [say('issuer'), <Foreign key="i">{p.issuer}</Foreign>],
              [say('domain'), p.domain ? <Foreign key="d">{p.domain}</Foreign> : say('wholeOrganisation')],
              [say('usedFor'), uses(p)],
              [say('client'), <Foreign key="c">{p.client}</Foreign>],
              [say('secret'), say(p.has_secret ? 'secretIs' : 'secretNone')],
              [say('tokens'), say(`tokens.${p.tokens}`)],
              [say('claim'), <Foreign key="claim">{p.claim}</Foreign>],
              [say('factor'), say(p.second_factor ? 'yes' : 'no')],
              [say('beyond'), say(p.beyond ? 'yes' : 'no')],
            ]}
          />
          {mayWrite && (
            <>
              <Group>
                <Button onClick={onEdit}>{say('change')}</Button>
                <Button color="red" variant="outline" onClick={() => setRemoves(true)}>
                  {say('remove')}
                </Button>
              </Group>
              <Test name={name} organisation={organisation} />
            </>
          )}
          <Command line={[commandLine(['identity-provider', 'show', name], { org: organisation }), ...(mayWrite ? [commandLine(['identity-provider', 'test', name], { org: organisation })] : [])]} />
        </Stack>
      </Side>
      {removes && (
        <Remove
          action={say('remove')}
          name={name}
          lead={say('removeLead')}
          command={commandLine(['identity-provider', 'remove', name], { org: organisation })}
          done={say('removed')}
          keys={[['identity-providers']]}
          act={() => api.delete(path`/identity-providers/${name}`, { organisation })}
          onCancel={() => setRemoves(false)}
          onRemoved={onClose}
        />
      )}
    </>
  )
}
