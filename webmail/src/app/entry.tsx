import { Login, LoginFrame } from '@chappe/kit'
import { Anchor } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { door } from './session'
import { useAppTexts } from './texts'

/** What stands before the mail. `last`: who was here before his session ended; `hasMailbox`: his page is below. */
export default function Entry({ last, hasMailbox }: { last: string | undefined; hasMailbox: boolean }) {
  const say = useAppTexts()
  const queries = useQueryClient()
  const [lacks, setLacks] = useState(false)
  const enter = (entered: { lacks?: string | null | undefined }) => {
    setLacks(entered.lacks === 'enrolment')
    void queries.resetQueries({ queryKey: ['session'] })
  }
  if (lacks)
    return (
      <LoginFrame title={say('mail')} lead={say('enrol')}>
        <Anchor href="/admin/account">{say('enrolGo')}</Anchor>
      </LoginFrame>
    )
  if (last && !hasMailbox) return <LoginFrame title={say('mail')} lead={say('noMail')} children={null} />
  return <Login door={door} onEntered={enter} lead={say('loginLead')} {...(last && { again: true, login: last })} />
}
