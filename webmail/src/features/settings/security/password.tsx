import { Panel, PasswordRules, tellDone } from '@chappe/kit'
import { Button, PasswordInput, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { http } from '../../../jmap/client'
import { useMail } from '../../../jmap/mail'
import { changePassword, ownPasswordQuery } from './data'
import { FormDialog } from './form-dialog'
import { useGuard } from './guard'
import { useSecurityTexts } from './texts'

function Change({ onClose }: { onClose: () => void }) {
  const say = useSecurityTexts()
  const { jmap } = useMail()
  const { guarded, asking } = useGuard()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const [isTried, setTried] = useState(false)
  const rules = useQuery(ownPasswordQuery(jmap)).data?.[0]
  const least = rules?.minLength ?? 0
  const short = isTried && [...next].length < least ? say('short', { count: least }) : undefined
  const differs = isTried && next !== again ? say('differs') : undefined
  const submit = async () => {
    setTried(true)
    if ([...next].length < least || next !== again) return
    await guarded(() => changePassword(jmap, current, next))
    onClose()
    tellDone(say('changed'))
    http.onLoggedOut()
  }
  return (
    <>
      <FormDialog title={say('change')} action={say('change')} onClose={onClose} onSubmit={submit}>
        {rules && <PasswordRules of={rules} />}
        <PasswordInput label={say('current')} value={current} onChange={(e) => setCurrent(e.currentTarget.value)} required autoComplete="current-password" data-autofocus />
        <PasswordInput label={say('next')} value={next} error={short} onChange={(e) => setNext(e.currentTarget.value)} required autoComplete="new-password" />
        <PasswordInput label={say('nextAgain')} value={again} error={differs} onChange={(e) => setAgain(e.currentTarget.value)} required autoComplete="new-password" />
      </FormDialog>
      {asking}
    </>
  )
}

export function Password({ isOpen, onOpen }: { isOpen: boolean; onOpen: (open: boolean) => void }) {
  const say = useSecurityTexts()
  return (
    <Panel
      title={say('password')}
      actions={
        <Button variant="default" size="compact-sm" onClick={() => onOpen(true)}>
          {say('change')}
        </Button>
      }
    >
      <Text size="sm" c="dimmed">
        {say('passwordLead')}
      </Text>
      {isOpen && <Change onClose={() => onOpen(false)} />}
    </Panel>
  )
}
