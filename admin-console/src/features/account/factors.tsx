import { Answered, Confirm, Foreign, Panel, useFormat, wordOf } from '@chappe/kit'
import { IconDeviceMobile, IconPlus, IconUsb } from '@chappe/kit/icons'
import { Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import classes from '../recipients/mailbox.module.css'
import { AddFactor } from './add-factor'
import { RecoveryCodes } from './codes'
import { factorsQuery, newRecoveryCodes, type Factor } from './data'
import { useTexts } from './texts'

function Line({ factor, children }: { factor: Factor; children: ReactNode }) {
  const say = useTexts()
  const format = useFormat()
  const Icon = factor.kind === 'totp' ? IconDeviceMobile : IconUsb
  return (
    <li>
      <span>
        <Icon size={15} aria-hidden /> <Foreign>{factor.name}</Foreign>
        <br />
        <small>
          {wordOf(say, 'kind', factor.kind)}
          {factor.site && (
            <>
              {' · '}
              <Foreign>{factor.site}</Foreign>
            </>
          )}
          {' · '}
          {factor.confirmed ? `${say('lastUsed')} ${factor.last_used ? format.ago(factor.last_used) : say('never')}` : say('unconfirmed')}
        </small>
      </span>
      {children}
    </li>
  )
}

/** Second factors of somebody. `own`: can be registered, by `dialog` (totp, webauthn); of others they can only be taken away. */
export function Factors({ address, own, dialog, onDialog, mayRemove = true }: { address: string; own?: boolean; dialog?: string | undefined; onDialog?: (dialog: string | undefined) => void; mayRemove?: boolean }) {
  const say = useTexts()
  const change = useChange()
  const list = useQuery(factorsQuery(address))
  const [removes, setRemoves] = useState<Factor | null>(null)
  const [asks, setAsks] = useState<'reset' | 'codes' | null>(null)
  const [codes, setCodes] = useState<string[]>([])
  const keys = [['second-factors', address]]
  const hasAny = (list.data?.second_factors.length ?? 0) > 0
  return (
    <Panel
      title={say('factors')}
      actions={
        own ? (
          <>
            <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => onDialog?.('totp')}>
              {say('addTotp')}
            </Button>
            <Button size="xs" variant="default" leftSection={<IconPlus size={15} />} onClick={() => onDialog?.('webauthn')}>
              {say('addKey')}
            </Button>
          </>
        ) : (
          mayRemove &&
          hasAny && (
            <Button size="xs" variant="default" onClick={() => setAsks('reset')}>
              {say('reset')}
            </Button>
          )
        )
      }
    >
      <Text size="sm" c="dimmed">
        {say(own ? 'factorsLead' : 'factorsOf')}
      </Text>
      <Answered of={list}>
        {(found) =>
          found.second_factors.length === 0 ? (
            <p className={classes.none}>{say('none')}</p>
          ) : (
            <>
              <ul className={classes.list}>
                {found.second_factors.map((f) => (
                  <Line key={f.id} factor={f}>
                    {(own || mayRemove) && (
                      <Button size="compact-xs" variant="subtle" color="red" onClick={() => setRemoves(f)}>
                        {say('remove')}
                      </Button>
                    )}
                  </Line>
                ))}
              </ul>
              <Group justify="space-between">
                <Text size="sm">{say('codesLeft', { count: found.recovery_codes_left })}</Text>
                {own && found.second_factors.some((f) => f.confirmed) && (
                  <Button size="compact-sm" variant="subtle" onClick={() => setAsks('codes')}>
                    {say('newCodes')}
                  </Button>
                )}
              </Group>
            </>
          )
        }
      </Answered>
      <Command line={commandLine(['second-factor', 'list', address])} />
      {own && (dialog === 'totp' || dialog === 'webauthn') && <AddFactor address={address} kind={dialog} onClose={() => onDialog?.(undefined)} onCodes={setCodes} />}
      {codes.length > 0 && <RecoveryCodes codes={codes} onClose={() => setCodes([])} />}
      {removes && (
        <Confirm title={say('remove')} action={say('remove')} onDone={() => setRemoves(null)} onAct={() => change(() => api.delete(path`/users/${address}/second-factors/${removes.id}`), keys, say('removed'))}>
          <p>
            <Foreign>{removes.name}</Foreign>
          </p>
          <p>{say('removeLead')}</p>
          <Command line={commandLine(['second-factor', 'remove', address, String(removes.id)])} />
        </Confirm>
      )}
      {asks === 'reset' && (
        <Confirm title={say('reset')} action={say('reset')} onDone={() => setAsks(null)} onAct={() => change(() => api.delete(path`/users/${address}/second-factors`), keys, say('resetDone'))}>
          <p>{say('resetLead', { who: address })}</p>
          <Command line={commandLine(['second-factor', 'reset', address])} />
        </Confirm>
      )}
      {asks === 'codes' && (
        <Confirm title={say('newCodes')} action={say('newCodes')} onDone={() => setAsks(null)} onAct={async () => setCodes(await change(() => newRecoveryCodes(address), keys))}>
          <p>{say('newCodesLead')}</p>
          <Command line={commandLine(['api', 'POST', `/users/${address}/recovery-codes`])} />
        </Confirm>
      )}
    </Panel>
  )
}
