import { Answered, Confirm, Foreign, Panel, tellDone, useFormat, wordOf } from '@chappe/kit'
import { IconDeviceMobile, IconPlus, IconUsb } from '@chappe/kit/icons'
import { Button, Group, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMail } from '../../../jmap/mail'
import { AddFactor } from './add-factor'
import { CodesDialog } from './codes'
import { codesQuery, factorsQuery, newCodes, remove, type Factor } from './data'
import { useGuard } from './guard'
import classes from './security.module.css'
import { useSecurityTexts } from './texts'

function FactorRow({ factor, onRemove }: { factor: Factor; onRemove: () => void }) {
  const say = useSecurityTexts()
  const format = useFormat()
  const Icon = factor.kind === 'totp' ? IconDeviceMobile : IconUsb
  return (
    <li>
      <Icon size={20} className={classes.icon} aria-hidden />
      <div className={classes.what}>
        <Foreign>{factor.name}</Foreign>
        <small>
          {wordOf(say, 'kind', factor.kind)} · {!factor.confirmed ? say('unconfirmed') : factor.lastUsed ? say('lastUsed', { when: format.ago(factor.lastUsed) }) : say('neverUsed')}
        </small>
      </div>
      <Button variant="subtle" color="red" size="compact-sm" onClick={onRemove}>
        {say('remove')}
      </Button>
    </li>
  )
}

export function Factors({ dialog, onDialog }: { dialog: string | undefined; onDialog: (dialog: string | undefined) => void }) {
  const say = useSecurityTexts()
  const { jmap } = useMail()
  const queries = useQueryClient()
  const { guarded, asking } = useGuard()
  const found = useQuery(factorsQuery(jmap))
  const left = useQuery(codesQuery(jmap)).data?.[0]?.left ?? 0
  const [removes, setRemoves] = useState<Factor | null>(null)
  const [renews, setRenews] = useState(false)
  const [codes, setCodes] = useState<readonly string[]>([])
  const anew = () => queries.invalidateQueries({ queryKey: factorsQuery(jmap).queryKey.slice(0, 2) })
  const take = async (factor: Factor) => {
    await guarded(() => remove(jmap, 'SecondFactor', [factor.id]))
    await anew()
    tellDone(say('removed'))
  }
  const renew = async () => {
    setCodes(await guarded(() => newCodes(jmap)))
    await anew()
  }
  return (
    <>
      <Panel
        title={say('factors')}
        actions={
          <>
            <Button variant="default" size="compact-sm" leftSection={<IconPlus size={15} />} onClick={() => onDialog('totp')}>
              {say('addTotp')}
            </Button>
            <Button variant="default" size="compact-sm" leftSection={<IconPlus size={15} />} onClick={() => onDialog('webauthn')}>
              {say('addKey')}
            </Button>
          </>
        }
      >
        <Text size="sm" c="dimmed">
          {say('factorsLead')}
        </Text>
        <Answered of={found} lines={2}>
          {(factors) =>
            factors.length === 0 ? (
              <Text size="sm" mt={10}>
                {say('noFactors')}
              </Text>
            ) : (
              <>
                <ul className={classes.rows}>
                  {factors.map((f) => (
                    <FactorRow key={f.id} factor={f} onRemove={() => setRemoves(f)} />
                  ))}
                </ul>
                {factors.some((f) => f.confirmed) && (
                  <Group justify="space-between" mt={12}>
                    <Text size="sm">
                      {say('codes')}: {say('codesLeft', { count: left })} {say('codesLead')}
                    </Text>
                    <Button variant="default" size="compact-sm" onClick={() => setRenews(true)}>
                      {say('newCodes')}
                    </Button>
                  </Group>
                )}
              </>
            )
          }
        </Answered>
      </Panel>
      {(dialog === 'totp' || dialog === 'webauthn') && <AddFactor kind={dialog} onClose={() => onDialog(undefined)} onCodes={setCodes} />}
      {codes.length > 0 && <CodesDialog codes={codes} onClose={() => setCodes([])} />}
      {removes && (
        <Confirm title={say('removeFactor', { name: removes.name })} action={say('remove')} onDone={() => setRemoves(null)} onAct={() => take(removes)}>
          {say('removeFactorLead')}
        </Confirm>
      )}
      {renews && (
        <Confirm title={say('newCodes')} action={say('newCodes')} onDone={() => setRenews(false)} onAct={renew}>
          {say('newCodesLead')}
        </Confirm>
      )}
      {asking}
    </>
  )
}
