import { LoginFrame } from '@chappe/kit'
import { Button, Group } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { logOut, useSession } from '../../app/session'
import { useAppTexts } from '../../app/texts'
import { factorsQuery } from './data'
import { Factors } from './factors'
import { useTexts } from './texts'

/** For who must have a second factor and has none: nothing else is open to him. */
export default function Enrol() {
  const say = useTexts()
  const app = useAppTexts()
  const session = useSession()
  const queries = useQueryClient()
  const [dialog, setDialog] = useState<string | undefined>()
  const has = useQuery(factorsQuery(session.login)).data?.second_factors.some((f) => f.confirmed) ?? false
  const leave = async () => {
    await logOut().catch(() => undefined)
    queries.clear()
    queries.setQueryData(['session'], null)
  }
  return (
    <LoginFrame title={say('enrol')} lead={say('enrolLead')}>
      <Factors address={session.login} own dialog={dialog} onDialog={setDialog} />
      <Group justify="space-between" mt="md">
        <Button variant="default" onClick={() => void leave()}>
          {app('logOut')}
        </Button>
        <Button disabled={!has} onClick={() => void queries.invalidateQueries()}>
          {say('enter')}
        </Button>
      </Group>
    </LoginFrame>
  )
}
